// Disk operations that wait for their completion, for the disk tests.
#pragma once

#include <vector>

#include "tests/conformance/world.h"

namespace quern::conformance {

using FilePtr = std::unique_ptr<File>;

class DiskConformance : public Conformance {
protected:
    Disk& disk() { return env_.disk; }
    Result<FilePtr> open(const std::string& path, OpenMode mode) {
        return await<FilePtr>([&](auto done) { disk().open(path, mode, std::move(done)); });
    }
    FilePtr make(const std::string& path) {
        auto opened = open(path, OpenMode::create_new);
        EXPECT_TRUE(opened.has_value()) << opened.error().to_string();
        return std::move(*opened);
    }
    ErrorCode open_error(const std::string& path, OpenMode mode) {
        return code_of(open(path, mode));
    }
    ErrorCode write(File& file, uint64_t offset, std::string_view text) {
        return code_of(await<void>(
            [&](auto done) { file.write_at(offset, Buffer::copy_of(text), std::move(done)); }));
    }
    ErrorCode write_durable(File& file, uint64_t offset, BufferChain data) {
        return code_of(await<void>(
            [&](auto done) { file.write_at_durable(offset, std::move(data), std::move(done)); }));
    }
    std::string read(File& file, uint64_t offset, size_t size) {
        auto got = await<Buffer>([&](auto done) { file.read_at(offset, size, std::move(done)); });
        EXPECT_TRUE(got.has_value());
        return got.has_value() ? std::string(got->text()) : std::string("error");
    }
    uint64_t size(File& file) {
        auto got = await<uint64_t>([&](auto done) { file.size(std::move(done)); });
        EXPECT_TRUE(got.has_value());
        return got.value_or(UINT64_MAX);
    }
    ErrorCode sync(File& file) {
        return code_of(await<void>([&](auto done) { file.sync(std::move(done)); }));
    }
    ErrorCode allocate(File& file, uint64_t bytes) {
        return code_of(await<void>([&](auto done) { file.allocate(bytes, std::move(done)); }));
    }
    ErrorCode truncate(File& file, uint64_t bytes) {
        return code_of(await<void>([&](auto done) { file.truncate(bytes, std::move(done)); }));
    }
    ErrorCode rename(const std::string& from, const std::string& to) {
        return code_of(await<void>([&](auto done) { disk().rename(from, to, std::move(done)); }));
    }
    ErrorCode remove(const std::string& path) {
        return code_of(await<void>([&](auto done) { disk().remove(path, std::move(done)); }));
    }
    ErrorCode sync_directory(const std::string& folder) {
        return code_of(
            await<void>([&](auto done) { disk().sync_directory(folder, std::move(done)); }));
    }
    std::vector<std::string> list(const std::string& folder) {
        auto names = await<std::vector<std::string>>(
            [&](auto done) { disk().list(folder, std::move(done)); });
        EXPECT_TRUE(names.has_value());
        return names.has_value() ? *names : std::vector<std::string>{"error"};
    }
    template <typename T>
    static ErrorCode code_of(const Result<T>& result) {
        return result.has_value() ? ErrorCode::ok : result.error().code;
    }
};

}  // namespace quern::conformance
