#include "harness/chaos/data_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>

namespace quern::harness::chaos {

namespace {

namespace fs = std::filesystem;

// An open file; empty buffers beyond its end and where it cannot be read.
class DataFile {
public:
    explicit DataFile(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~DataFile() {
        if (file_ >= 0) ::close(file_);
    }
    DataFile(const DataFile&) = delete;
    DataFile& operator=(const DataFile&) = delete;

    bool open() const { return file_ >= 0; }
    Buffer read(uint64_t offset_bytes, size_t size_bytes) const {
        MutableBuffer bytes(size_bytes);
        size_t got = 0;
        while (got < size_bytes) {
            const ssize_t more = ::pread(file_, bytes.data() + got, size_bytes - got,
                                         static_cast<off_t>(offset_bytes + got));
            if (more <= 0) break;
            got += static_cast<size_t>(more);
        }
        return std::move(bytes).freeze(got);
    }

private:
    int file_;
};

}  // namespace

Result<StoppedLog> read_stopped_log(const std::string& data_folder) {
    std::vector<StoppedSegment> segments;
    std::error_code error;
    fs::directory_iterator entries(data_folder + "/wal", error);
    if (error) return StoppedLog();
    for (const fs::directory_entry& entry : entries) {
        const std::string name = entry.path().stem().string();
        uint64_t number = 0;
        if (entry.path().extension() != ".seg" ||
            std::from_chars(name.data(), name.data() + name.size(), number).ec != std::errc()) {
            continue;
        }
        auto file = std::make_shared<DataFile>(entry.path().string());
        if (!file->open()) return fail(ErrorCode::io_failed, entry.path().string() + " cannot be opened");
        segments.push_back({number, [file](uint64_t offset_bytes, size_t size_bytes) {
                                return file->read(offset_bytes, size_bytes);
                            }});
    }
    std::sort(segments.begin(), segments.end(),
              [](const StoppedSegment& a, const StoppedSegment& b) { return a.number < b.number; });
    return StoppedLog::read(segments);
}

std::vector<StoppedSnapshot> read_stopped_snapshots(const std::string& data_folder) {
    std::vector<StoppedSnapshot> snapshots;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(data_folder + "/snapshots", error)) {
        const DataFile file(entry.path().string());
        if (entry.path().extension() != ".snap" || !file.open()) continue;
        auto snapshot = parse_snapshot(file.read(0, entry.file_size()));
        if (snapshot) snapshots.push_back(std::move(*snapshot));
    }
    return snapshots;
}

}  // namespace quern::harness::chaos
