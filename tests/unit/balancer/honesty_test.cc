// Random clusters that lose, delay, refuse and redirect, and what the balancer says of each request,
// against what really happened (faults.md Q10, Q13, L2).
#include <gtest/gtest.h>

#include "system/base/prng.h"
#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

class Chaos {
public:
    explicit Chaos(uint64_t seed) : random_(seed), cluster_(seed) {
        record_ = cluster_.create("a");
        client_ = cluster_.admin();
        for (auto& [id, node] : cluster_.nodes) {
            node->on_forward = [this](const Forwarded& seen) { return misbehave(seen); };
        }
    }

    void run() {
        for (int i = 0; i < 60; ++i) {
            send_one();
            cluster_.run(Duration::milliseconds(static_cast<int64_t>(random_.below(150))));
            if (random_.chance(1, 10)) move_leader();
        }
        cluster_.run(Duration::seconds(12));
    }

    void check() {
        for (const auto& [number, asked] : asked_) {
            SCOPED_TRACE("request " + std::to_string(asked.seq));
            ASSERT_TRUE(client_->answers.contains(number)) << "it hangs";
            const Result<wire::Response>& answer = client_->answers.at(number);
            ASSERT_TRUE(answer.has_value()) << "the connection was lost";
            const size_t applied = applied_[asked.seq];
            EXPECT_LE(applied, 1u);
            if (answer->error.code == ErrorCode::ok) {
                EXPECT_EQ(applied, 1u);
                ++ok;
            } else if (answer->error.outcome == Outcome::not_applied) {
                EXPECT_EQ(applied, 0u) << answer->error.to_string();
                ++failed;
            } else {
                ++unknown;
            }
        }
        EXPECT_EQ(cluster_.balancer->stats().inflight, 0u);
    }

    size_t ok = 0;
    size_t failed = 0;
    size_t unknown = 0;

private:
    struct Asked {
        uint64_t seq;
    };

    // The request's number is in its body, so that requests without a token are told apart too.
    void send_one() {
        const uint64_t seq = ++last_seq_;
        const std::string body = std::to_string(seq);
        wire::Request request = random_.chance(1, 2) ? on_queue("a", send_of(body))
                                                     : on_queue(record_.id, send_of(body));
        if (random_.chance(2, 3)) request.token = token(seq);
        request.deadline_ms = static_cast<int64_t>(random_.between(50, 10'000));
        asked_.emplace(client_->send(request), Asked{seq});
    }

    void move_leader() {
        cluster_.leaders[record_.group] = NodeId(static_cast<uint32_t>(random_.below(4)));
        if (random_.chance(1, 8)) cluster_.known.erase(record_.id);
    }

    void apply(const Forwarded& seen) {
        const auto& send = std::get<wire::SendRequest>(seen.request->operation);
        const uint64_t seq = std::stoull(std::string(as_text(send.entries.at(0).content)));
        if (seen.request->token.session && applied_[seq] > 0) return;  // once for each token
        ++applied_[seq];
    }

    void later(Duration after, Callback<void()> run) {
        cluster_.world.scheduler().after(after, sim::world_owner, sim::EventKind::user, 1,
                                         std::move(run));
    }

    std::optional<wire::Response> misbehave(const Forwarded& seen) {
        std::optional<wire::Response> answer = cluster_.answer(seen);
        if (answer->error.code != ErrorCode::ok || !seen.request) return answer;
        const Duration delay = Duration::milliseconds(static_cast<int64_t>(random_.below(3000)));
        FakeNode& node = *cluster_.nodes.at(seen.node);
        switch (random_.below(12)) {
            case 0: return refusal(ErrorCode::overloaded, seen.node);
            case 1: return refusal(ErrorCode::unavailable);
            case 2: return refusal(ErrorCode::insufficient_storage, seen.node);
            case 3: return refusal(ErrorCode::stale_catalogue, seen.node);
            case 4:  // fell after proposing; it may be applied by the next leader
                if (random_.chance(1, 2)) apply(seen);
                return refusal(ErrorCode::outcome_unknown);
            case 5:  // applied, and the answer is lost
                apply(seen);
                return std::nullopt;
            case 6:  // the request is lost, or applied much later
                if (random_.chance(1, 2)) later(delay, [this, seen] { apply(seen); });
                return std::nullopt;
            case 7:  // the connection breaks
                if (random_.chance(1, 2)) apply(seen);
                later(Duration::microseconds(1), [&node] { node.hang_up(); });
                return std::nullopt;
            case 8:  // slow
                later(delay, [this, seen, &node, answer] {
                    apply(seen);
                    node.respond(seen, *answer);
                });
                return std::nullopt;
            default: apply(seen); return answer;
        }
    }

    Prng random_;
    FakeCluster cluster_;
    metadata::QueueRecord record_;
    std::unique_ptr<Client> client_;
    std::map<uint64_t, Asked> asked_;
    std::map<uint64_t, size_t> applied_;
    uint64_t last_seq_ = 0;
};

TEST(Honesty, every_request_ends_in_time_and_nothing_that_happened_is_called_undone) {
    size_t ok = 0;
    size_t failed = 0;
    size_t unknown = 0;
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Chaos chaos(seed);
        chaos.run();
        chaos.check();
        ok += chaos.ok;
        failed += chaos.failed;
        unknown += chaos.unknown;
    }
    // The test means something only if all three are common.
    EXPECT_GT(ok, 500u);
    EXPECT_GT(failed, 100u);
    EXPECT_GT(unknown, 100u);
}

}  // namespace
}  // namespace quern::balancer
