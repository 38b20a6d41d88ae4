// An independent model of a group, written from the contract: maps, linear scans, no cleverness. It does
// not know sweeping budgets and table limits; runs against it stay below them.
#pragma once

#include <map>
#include <string>

#include "system/queue/command.h"

namespace quern::queue::test {

// A reply as text, for comparing.
std::string describe(const Reply& reply);
std::string describe(const Counters& counters);

class Model {
public:
    struct Message {
        BodyRef content;
        uint32_t body_bytes = 0;
        int64_t sent = 0;
        int64_t until = 0;  // of the lease or delay
        int64_t received = 0;
        int64_t first_received = 0;
        uint32_t receives = 0;
        MessageState state{};
    };
    struct Queue {
        uint64_t version = 0;
        Attributes attributes;
        uint64_t next_seq = 1;
        std::map<uint64_t, Message> messages;
        uint64_t sent = 0, received = 0, deleted = 0, expired = 0, purged = 0, dropped = 0;
        Counters counters() const;
    };

    void begin_entry(uint64_t index, int64_t stamped);
    Reply apply(const Command& command, const uint8_t* payload);

    int64_t time() const { return time_; }
    const std::map<uint64_t, Queue>& queues() const { return queues_; }
    bool has_ready(uint64_t queue) const;

private:
    struct Stored {
        size_t kind;
        uint64_t queue;
        Reply reply;
    };
    struct Session {
        uint64_t low = 0;
        int64_t last_used = 0;
        int64_t expires_max = 0;
        std::map<uint64_t, Stored> results;
    };

    Reply once(const Command& command, const uint8_t* payload);
    Reply send(Queue& q, const Send& c, const uint8_t* payload);
    Reply receive(Queue& q, const Receive& c);
    Reply remove(Queue& q, uint64_t id, const Delete& c);
    Reply change(Queue& q, uint64_t id, const ChangeVisibility& c);
    SendResult send_one(Queue& q, const SendEntry& e, const uint8_t* payload);
    bool fits(const Queue& q, uint64_t bytes) const;
    void trim(Queue& q, uint64_t extra_messages, uint64_t extra_bytes);
    bool gone(const Queue& q, const Message& m) const {
        return m.sent + q.attributes.retention_ms <= time_;
    }
    Delivery delivery(uint64_t seq, const Message& m) const;

    uint64_t index_ = 0;
    int64_t time_ = 0;
    uint64_t floor_ = 0;
    int64_t forgotten_ = 0;
    std::map<uint64_t, Queue> queues_;
    std::map<std::pair<uint64_t, uint64_t>, Session> sessions_;
};

}  // namespace quern::queue::test
