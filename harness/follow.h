// Follows one message, or one request, through every tier of a run: what the client asked, which frames
// carried it from machine to machine, what each replica applied, what was answered.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "harness/runner.h"
#include "system/wire/frame.h"

namespace quern::harness {

struct FollowTarget {
    // A message: the queue's name and the message's number there, or the hash of its content (as histories
    // and stories show it; its last 8 digits are enough).
    std::string queue;
    MessageSeq seq;
    uint64_t hash = 0;
    // A request: the client and its how-manieth operation.
    uint32_t client = 0;
    uint32_t ordinal = 0;

    // "orders/5", or hexadecimal digits.
    static std::optional<FollowTarget> message(const std::string& text);
    // "c3#17"
    static std::optional<FollowTarget> request(const std::string& text);
};

class Follow {
public:
    // `line` gets "t=1.250000 s1 …".
    Follow(FollowTarget target, Callback<void(const std::string&)> line);
    ~Follow();
    // Must outlive the run.
    void watch(RunOptions& options);
    // How many lines there were.
    uint64_t count() const { return lines_; }

private:
    struct Direction;  // of a stream: its frames so far
    using TokenName = std::pair<SessionId, uint64_t>;

    void asked(const Operation& op);
    void answered(const Operation& op);
    void flew(const sim::Flight& flight, const std::string& from, const std::string& to);
    void framed(const wire::Frame& frame, const std::string& path, const std::string& back);
    void applied(const AppliedCommand& what);
    bool about(const Operation& op) const;
    std::string effects(const AppliedCommand& what) const;
    bool ours(const Operation& op) const {
        return op.client == target_.client && op.ordinal == target_.ordinal && !op.draining;
    }
    void say(int64_t at_ns, const std::string& text);

    FollowTarget target_;
    Callback<void(const std::string&)> line_;
    uint64_t lines_ = 0;
    int64_t now_ns_ = 0;
    QueueId queue_;  // of the message, once it is known
    bool waiting_ = false;  // for the frame of our request
    OpKind kind_ = OpKind::send;
    std::set<TokenName> others_;  // requests that are known to be others
    std::optional<TokenName> token_;
    std::set<std::pair<std::string, uint64_t>> expected_;  // answers: path, request
    std::map<uint64_t, std::unique_ptr<Direction>> directions_;
};

}  // namespace quern::harness
