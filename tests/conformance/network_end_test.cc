// How streams end.
#include "tests/conformance/suites.h"

namespace quern::conformance {

namespace {
Buffer large() { return Buffer::copy_of(std::string(24 * 1024 * 1024, 'z')); }
}  // namespace

TEST_P(NetworkConformance, close_gives_the_peer_all_bytes_and_then_an_end) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of("last words")).has_value());
    client_->close();
    EXPECT_EQ(read_all(*server_, 100), "last words");
    uint8_t byte[1];
    const auto again = read(*server_, byte);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, 0u);
}

TEST_P(NetworkConformance, close_delivers_what_was_written_although_input_was_not_read) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of(std::string(10'000, 'q'))).has_value());
    // Until the way to the client is full.
    size_t written = 0;
    const Buffer piece = Buffer::copy_of(std::string(64 * 1024, 'r'));
    std::function<void()> send = [&] {
        server_->write(piece, [&](Result<void> r) {
            if (!r.has_value()) return;
            written += piece.size();
            send();
        });
    };
    send();
    run_for(Duration::milliseconds(30));
    server_->close();
    const size_t completed = written;
    EXPECT_GT(completed, 0u);
    EXPECT_GE(read_all(*client_, completed).size(), completed);
}

TEST_P(NetworkConformance, destroying_an_idle_connection_is_a_close) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of("bye")).has_value());
    client_.reset();
    EXPECT_EQ(read_all(*server_, 100), "bye");
}

TEST_P(NetworkConformance, close_completes_what_is_outstanding) {
    make_pair();
    uint8_t into[16];
    std::optional<ErrorCode> read_code;
    std::optional<ErrorCode> write_code;
    bool inside = true;
    client_->read(into, [&](Result<size_t> r) {
        EXPECT_FALSE(inside);
        read_code = r.has_value() ? ErrorCode::ok : r.error().code;
    });
    client_->write(large(), [&](Result<void> r) {
        EXPECT_FALSE(inside);
        write_code = r.has_value() ? ErrorCode::ok : r.error().code;
    });
    client_->close();
    inside = false;
    ASSERT_TRUE(run_until([&] { return read_code && write_code; }));
    EXPECT_EQ(*read_code, ErrorCode::connection_closed);
    EXPECT_EQ(*write_code, ErrorCode::connection_closed);
}

TEST_P(NetworkConformance, operations_after_close_fail) {
    make_pair();
    client_->close();
    client_->close();
    uint8_t into[16];
    const auto got = read(*client_, into);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, ErrorCode::connection_closed);
    const auto wrote = write(*client_, Buffer::copy_of("x"));
    ASSERT_FALSE(wrote.has_value());
    EXPECT_EQ(wrote.error().code, ErrorCode::connection_closed);
}

TEST_P(NetworkConformance, destruction_drops_completions) {
    make_pair();
    int completions = 0;
    uint8_t into[16];
    client_->read(into, [&](Result<size_t>) { ++completions; });
    client_->write(large(), [&](Result<void>) { ++completions; });
    client_.reset();
    // Also those that are ready to run.
    ASSERT_TRUE(server_ != nullptr);
    server_->write(Buffer::copy_of("x"), [&](Result<void>) { ++completions; });
    server_.reset();
    run_for(Duration::milliseconds(30));
    EXPECT_EQ(completions, 0);
}

TEST_P(NetworkConformance, destruction_destroys_the_callbacks) {
    make_pair();
    auto held = std::make_shared<int>(0);
    uint8_t into[16];
    client_->read(into, [held](Result<size_t>) {});
    client_->write(large(), [held](Result<void>) {});
    client_.reset();
    EXPECT_EQ(held.use_count(), 1);
}

TEST_P(NetworkConformance, a_connection_may_be_destroyed_in_its_completion) {
    make_pair();
    uint8_t into[16];
    int completions = 0;
    server_->read(into, [&](Result<size_t>) {
        ++completions;
        server_.reset();
    });
    server_->write(large(), [&](Result<void>) { ++completions; });
    ASSERT_TRUE(write(*client_, Buffer::copy_of("x")).has_value());
    ASSERT_TRUE(run_until([&] { return server_ == nullptr; }));
    run_for(Duration::milliseconds(20));
    EXPECT_EQ(completions, 1);
}

TEST_P(NetworkConformance, destroying_a_connection_with_unsent_bytes_resets_it) {
    make_pair();
    server_->write(large(), [](Result<void>) {});
    run_for(Duration::milliseconds(20));
    server_.reset();
    EXPECT_EQ(read_to_end(*client_), ErrorCode::connection_reset);
    // And it stays so: a broken stream never looks like one that ended in order.
    EXPECT_EQ(read_to_end(*client_), ErrorCode::connection_reset);
}

TEST_P(NetworkConformance, a_reset_ends_a_blocked_write) {
    make_pair();
    std::optional<Result<void>> wrote;
    client_->write(large(), [&](Result<void> r) { wrote = std::move(r); });
    server_->write(large(), [](Result<void>) {});
    run_for(Duration::milliseconds(20));
    server_.reset();
    ASSERT_TRUE(run_until([&] { return wrote.has_value(); }));
    ASSERT_FALSE(wrote->has_value());
    EXPECT_EQ(wrote->error().code, ErrorCode::connection_reset);
    EXPECT_EQ(wrote->error().outcome, Outcome::unknown);
}

TEST_P(NetworkConformance, writing_to_a_peer_that_has_gone_fails_in_the_end) {
    make_pair();
    server_.reset();
    bool failed = false;
    std::function<void()> send = [&] {
        client_->write(Buffer::copy_of(std::string(1024 * 1024, 'w')), [&](Result<void> r) {
            if (r.has_value()) return send();
            EXPECT_EQ(r.error().code, ErrorCode::connection_reset);
            failed = true;
        });
    };
    send();
    EXPECT_TRUE(world_->run_until([&] { return failed; }, patience));
}

}  // namespace quern::conformance
