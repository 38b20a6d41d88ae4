// Disk calls that run the world until they complete, for tests.
#pragma once

#include <string>
#include <vector>

#include "sim/world/world.h"

namespace quern::sim {

class Files {
public:
    Files(World& world, Machine& machine) : world_(world), machine_(machine) {}

    std::unique_ptr<File> open(const std::string& path, OpenMode mode) {
        auto result = wait<std::unique_ptr<File>>(
            [&](auto done) { machine_.env().disk.open(path, mode, std::move(done)); });
        return result ? std::move(*result) : nullptr;
    }
    ErrorCode open_error(const std::string& path, OpenMode mode) {
        auto result = wait<std::unique_ptr<File>>(
            [&](auto done) { machine_.env().disk.open(path, mode, std::move(done)); });
        return result ? ErrorCode::ok : result.error().code;
    }
    ErrorCode write_error(File& file, uint64_t offset, std::string_view bytes) {
        return code(wait<void>(
            [&](auto done) { file.write_at(offset, Buffer::copy_of(bytes), std::move(done)); }));
    }
    bool write(File& file, uint64_t offset, std::string_view bytes) {
        return write_error(file, offset, bytes) == ErrorCode::ok;
    }
    ErrorCode sync(File& file) {
        return code(wait<void>([&](auto done) { file.sync(std::move(done)); }));
    }
    ErrorCode truncate(File& file, uint64_t size) {
        return code(wait<void>([&](auto done) { file.truncate(size, std::move(done)); }));
    }
    ErrorCode allocate(File& file, uint64_t size) {
        return code(wait<void>([&](auto done) { file.allocate(size, std::move(done)); }));
    }
    std::string read(File& file, uint64_t offset, size_t size) {
        auto result = wait<Buffer>([&](auto done) { file.read_at(offset, size, std::move(done)); });
        return result ? std::string(result->text()) : "error";
    }
    uint64_t size(File& file) {
        return *wait<uint64_t>([&](auto done) { file.size(std::move(done)); });
    }
    std::vector<std::string> list(const std::string& folder) {
        return *wait<std::vector<std::string>>(
            [&](auto done) { machine_.env().disk.list(folder, std::move(done)); });
    }
    DiskSpace space() {
        return *wait<DiskSpace>([&](auto done) { machine_.env().disk.space(std::move(done)); });
    }
    ErrorCode remove(const std::string& path) {
        return code(
            wait<void>([&](auto done) { machine_.env().disk.remove(path, std::move(done)); }));
    }
    ErrorCode rename(const std::string& from, const std::string& to) {
        return code(
            wait<void>([&](auto done) { machine_.env().disk.rename(from, to, std::move(done)); }));
    }
    ErrorCode sync_directory(const std::string& folder) {
        return code(wait<void>(
            [&](auto done) { machine_.env().disk.sync_directory(folder, std::move(done)); }));
    }

private:
    template <typename T, typename Submit>
    Result<T> wait(Submit submit) {
        auto answer = std::make_shared<std::optional<Result<T>>>();
        submit(Callback<void(Result<T>)>(
            [answer](Result<T> result) { answer->emplace(std::move(result)); }));
        QUERN_ASSERT(!answer->has_value());
        world_.run_until([&] { return answer->has_value(); }, Duration::seconds(100));
        if (!answer->has_value()) return fail(ErrorCode::timed_out);
        return std::move(**answer);
    }
    static ErrorCode code(const Result<void>& result) {
        return result ? ErrorCode::ok : result.error().code;
    }

    World& world_;
    Machine& machine_;
};

}  // namespace quern::sim
