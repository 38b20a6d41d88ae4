// Random commands against the model and a second replica that is restored from snapshots now and then.
#include <rapidcheck.h>

#include "system/base/prng.h"
#include "tests/unit/queue/group_fixture.h"
#include "tests/unit/queue/model.h"

namespace quern::queue::test {
namespace {

// Numbers a step is made from.
using Step = std::array<uint16_t, 4>;

std::string joined(const std::vector<Buffer>& chunks) {
    std::string all;
    for (const Buffer& c : chunks) all += c.text();
    return all;
}

class History {
public:
    void step(const Step& s) {
        advance(s[3]);
        const uint64_t index = group_.index().value + 1;
        group_.begin_entry(LogIndex{index}, ClusterTime{now_});
        replica_.begin_entry(LogIndex{index}, ClusterTime{now_});
        model_.begin_entry(index, now_);
        const unsigned commands = 1 + s[1] % 3;
        for (unsigned i = 0; i < commands; ++i) apply(command(s[0] + i, s[1] >> i, s[2] + i * 977));
        compare();
        snapshots(s[1]);
    }

private:
    // Small steps mostly, sometimes past leases, delays, retention or the idle time of sessions; now and
    // then the leader's clock is behind.
    void advance(unsigned a) {
        const unsigned how = a % 16;
        if (how < 9) now_ += a % 5;
        if (how >= 9 && how < 13) now_ += a % 2000;
        if (how == 13) now_ += a * 3;
        if (how == 14) now_ += a * 11;
        if (how == 15 && a % 64 == 15) now_ -= a % 500;
    }

    Attributes attributes(unsigned a) const {
        Attributes r;
        r.message_bytes_max = 1024;
        r.queue_messages_max = a % 3 == 0 ? 3 + a % 20 : 0;
        r.queue_bytes_max = a % 5 == 0 ? 500 + a % 1000 : 0;
        r.overflow = a % 2 == 0 ? Overflow::drop_oldest : Overflow::reject;
        r.visibility_ms = a % 7 == 0 ? 0 : 1 + a % 3000;
        r.delay_ms = a % 4 == 0 ? a % 900 : 0;
        r.retention_ms = 60'000 + (a % 11) * 10'000;
        r.leased_messages_max = a % 3 == 1 ? 2 + a % 9 : 120'000;
        return r;
    }

    Command command(unsigned a, unsigned b, unsigned c) {
        Command cmd;
        cmd.queue = QueueId{1 + b % 2};
        cmd.record_version = CatalogueVersion{version_[b % 2]};
        if (c % 23 == 0) cmd.record_version = cmd.record_version.plus(c % 2);
        cmd.principal = UserId{1 + c % 2};
        cmd.token = token(a, b, c);
        const unsigned kind = a % 32;
        if (kind < 10) cmd.operation = send(b, c);
        if (kind >= 10 && kind < 19) cmd.operation = receive(b, c);
        if (kind >= 19 && kind < 25) cmd.operation = remove(b, c);
        if (kind >= 25 && kind < 28) cmd.operation = change(b, c);
        if (kind == 28) cmd.operation = Tick{};
        if (kind == 29 && b % 4 == 0) cmd.operation = Purge{};
        if (kind == 30 && b % 8 == 0) cmd = drop(cmd);
        if (kind == 31) cmd = ensure(cmd, c);
        return cmd;
    }

    Token token(unsigned a, unsigned b, unsigned c) {
        Token t;
        if (b % 4 == 0) return t;
        t.session = SessionId{1 + b % 3};
        t.seq = a % 5 == 0 ? next_token_ - std::min<uint64_t>(next_token_, c % 12) : next_token_++;
        t.acked_below = next_token_ - std::min<uint64_t>(next_token_, 20);
        if (c % 3 == 0) return t;
        // Kept on retries: it follows from the token.
        while (expires_.size() <= t.seq) expires_.push_back(now_ + 1 + c % 4000);
        t.expires = ClusterTime{expires_[t.seq]};
        return t;
    }

    Send send(unsigned b, unsigned c) {
        Send s;
        for (unsigned i = 0; i < 1 + b % 4; ++i) {
            const size_t size = (c + i * 131) % (i == 3 ? 1030 : 200);
            s.entries.push_back({as_bytes(contents_).subspan(c % 50 + i * 10, size),
                                 static_cast<uint32_t>(size / 2),
                                 c % 5 == 0 ? static_cast<int64_t>(c % 1500) : -1});
        }
        return s;
    }
    Receive receive(unsigned b, unsigned c) {
        Receive r;
        r.messages_max = 1 + c % 7;
        r.visibility_ms = b % 3 == 0 ? -1 : static_cast<int64_t>(c % 4000);
        if (c % 6 == 0) r.bytes_max = c % 400;
        return r;
    }
    Receipt receipt(unsigned c) const {
        if (receipts_.empty() || c % 31 == 0) return {QueueId{1}, MessageSeq{1 + c % 999}, LeaseEpoch{1}};
        const size_t back = c % std::min<size_t>(receipts_.size(), 24);
        return receipts_[receipts_.size() - 1 - back];
    }
    Delete remove(unsigned b, unsigned c) {
        Delete d;
        for (unsigned i = 0; i < 1 + b % 3; ++i) d.receipts.push_back(receipt(c + i * 7));
        return d;
    }
    ChangeVisibility change(unsigned b, unsigned c) {
        ChangeVisibility v;
        v.changes.push_back({receipt(c), b % 3 == 0 ? 0 : static_cast<int64_t>(c % 5000)});
        if (c % 9 == 0) v.changes.push_back({receipt(c + 1), 43'200'000});
        return v;
    }
    Command drop(Command cmd) {
        cmd.record_version = CatalogueVersion{++catalogue_};
        cmd.operation = DropQueue{};
        return cmd;
    }
    Command ensure(Command cmd, unsigned c) {
        // An attribute change is a version of its own; sometimes an old one comes late.
        if (c % 5 != 0) version_[cmd.queue.value - 1] = ++catalogue_;
        cmd.record_version = CatalogueVersion{version_[cmd.queue.value - 1]};
        cmd.operation = EnsureQueue{attributes(c), CatalogueVersion{c % 2 == 0 ? catalogue_ : 0}};
        return cmd;
    }

    void apply(const Command& cmd) {
        const auto* payload = reinterpret_cast<const uint8_t*>(contents_.data());
        const Reply reply = group_.apply(cmd, payload);
        RC_ASSERT(describe(reply) == describe(model_.apply(cmd, payload)));
        RC_ASSERT(describe(reply) == describe(replica_.apply(cmd, payload)));
        if (const auto* r = std::get_if<ReceiveReply>(&reply.result)) {
            for (const Delivery& d : r->deliveries) receipts_.push_back({cmd.queue, d.seq, d.epoch});
        }
    }

    void compare() {
        group_.check_invariants();
        replica_.check_invariants();
        RC_ASSERT(group_.rolling_hash() == replica_.rolling_hash());
        RC_ASSERT(group_.time().ms == model_.time());
        RC_ASSERT(group_.next_deadline() == replica_.next_deadline());
        RC_ASSERT(group_.take_dead_bodies() == replica_.take_dead_bodies());
        RC_ASSERT(group_.queues().size() == model_.queues().size());
        for (const auto& [id, queue] : model_.queues()) {
            RC_ASSERT(describe(group_.counters(QueueId{id})) == describe(queue.counters()));
            RC_ASSERT(group_.has_ready(QueueId{id}) == model_.has_ready(id));
        }
    }

    void snapshots(unsigned b) {
        if (b % 13 == 0) {  // the replica starts again from a snapshot of the other
            RC_ASSERT(group_.state_hash() == replica_.state_hash());
            Result<GroupState> restored = GroupState::restore(snapshot(group_, 1 + b % 3000));
            RC_ASSERT(restored.has_value());
            replica_ = std::move(*restored);
            RC_ASSERT(group_.state_hash() == replica_.state_hash());
            RC_ASSERT(group_.next_deadline() == replica_.next_deadline());
        }
        if (b % 17 == 0) {  // one that was begun earlier is what it was then
            if (frozen_) {
                std::string late;
                for (Buffer c = frozen_->next_chunk(100); !c.empty(); c = frozen_->next_chunk(100)) {
                    late += c.text();
                }
                RC_ASSERT(late == frozen_bytes_);
            }
            frozen_bytes_ = joined(snapshot(group_));
            frozen_ = group_.freeze();
        }
    }

    GroupState group_;
    GroupState replica_;
    Model model_;
    int64_t now_ = 1'000'000;
    uint64_t catalogue_ = 10;
    std::array<uint64_t, 2> version_{1, 2};
    uint64_t next_token_ = 1;
    std::vector<int64_t> expires_;
    std::vector<Receipt> receipts_;
    std::unique_ptr<FrozenGroup> frozen_;
    std::string frozen_bytes_;
    std::string contents_ = std::string(4096, 'c');
};

TEST(GroupModel, random_short_histories_agree_with_model_and_replica) {
    EXPECT_TRUE(rc::check([](const std::vector<Step>& steps) {
        History run;
        for (unsigned q : {0u, 1u}) run.step({31, static_cast<uint16_t>(q), 1, 0});
        for (const Step& s : steps) run.step(s);
    }));
}

TEST(GroupModel, random_long_histories_agree_with_model_and_replica) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        Prng random(seed);
        History run;
        for (unsigned q : {0u, 1u}) run.step({31, static_cast<uint16_t>(q), 1, 0});
        for (int i = 0; i < 300; ++i) {
            const uint64_t r = random.next();
            run.step({static_cast<uint16_t>(r), static_cast<uint16_t>(r >> 16),
                      static_cast<uint16_t>(r >> 32), static_cast<uint16_t>(r >> 48)});
        }
    }));
}

}  // namespace
}  // namespace quern::queue::test
