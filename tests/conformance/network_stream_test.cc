#include <algorithm>

#include "tests/conformance/suites.h"

namespace quern::conformance {

namespace {

// Bytes that tell their place, in parts of uneven size.
BufferChain pattern(size_t size, size_t part_bytes) {
    BufferChain chain;
    for (size_t done = 0; done < size;) {
        const size_t bytes = std::min(part_bytes, size - done);
        MutableBuffer part(bytes);
        for (size_t i = 0; i < bytes; ++i) {
            part.data()[i] = static_cast<uint8_t>((done + i) * 2654435761u >> 24);
        }
        chain.append(std::move(part).freeze());
        done += bytes;
    }
    return chain;
}

}  // namespace

TEST_P(NetworkConformance, bytes_arrive) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of("hello")).has_value());
    EXPECT_EQ(read_all(*server_, 5), "hello");
    ASSERT_TRUE(write(*server_, Buffer::copy_of("and back")).has_value());
    EXPECT_EQ(read_all(*client_, 8), "and back");
}

TEST_P(NetworkConformance, a_small_read_leaves_the_rest) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of("abcdef")).has_value());
    uint8_t two[2];
    std::string all;
    while (all.size() < 6) {
        const auto got = read(*server_, two);
        ASSERT_TRUE(got.has_value());
        ASSERT_GE(*got, 1u);
        ASSERT_LE(*got, 2u);
        all.append(reinterpret_cast<const char*>(two), *got);
    }
    EXPECT_EQ(all, "abcdef");
}

TEST_P(NetworkConformance, a_read_completes_with_what_there_is) {
    make_pair();
    ASSERT_TRUE(write(*client_, Buffer::copy_of("abc")).has_value());
    uint8_t large[4096];
    const auto got = read(*server_, large);
    ASSERT_TRUE(got.has_value());
    EXPECT_GE(*got, 1u);
    EXPECT_LE(*got, 3u);
}

TEST_P(NetworkConformance, reads_and_writes_go_on_both_ways_at_once) {
    make_pair();
    const BufferChain data = pattern(300'000, 7'001);
    int writes = 0;
    client_->write(data, [&](Result<void> r) { writes += r.has_value(); });
    server_->write(data, [&](Result<void> r) { writes += r.has_value(); });
    const Buffer whole = data.flatten();
    EXPECT_EQ(read_all(*client_, data.size()), whole.text());
    EXPECT_EQ(read_all(*server_, data.size()), whole.text());
    EXPECT_TRUE(run_until([&] { return writes == 2; }));
}

TEST_P(NetworkConformance, a_chain_of_many_parts_arrives_in_order) {
    make_pair();
    const BufferChain data = pattern(10'000, 7);
    ASSERT_TRUE(write(*client_, data).has_value());
    EXPECT_EQ(read_all(*server_, data.size()), data.flatten().text());
}

TEST_P(NetworkConformance, an_empty_write_completes) {
    make_pair();
    EXPECT_TRUE(write(*client_, BufferChain()).has_value());
}

TEST_P(NetworkConformance, a_slow_reader_holds_the_writer_up) {
    make_pair();
    const BufferChain data = pattern(24 * 1024 * 1024, 100'003);
    bool written = false;
    client_->write(data, [&](Result<void> r) {
        EXPECT_TRUE(r.has_value());
        written = true;
    });
    run_for(Duration::milliseconds(50));
    EXPECT_FALSE(written);
    const std::string got = read_all(*server_, data.size());
    ASSERT_EQ(got.size(), data.size());
    EXPECT_TRUE(got == data.flatten().text());
    EXPECT_TRUE(run_until([&] { return written; }));
}

TEST_P(NetworkConformance, the_write_may_outlive_the_callers_chain) {
    make_pair();
    {
        BufferChain data(Buffer::copy_of(std::string(3'000'000, 'x')));
        client_->write(std::move(data), [](Result<void>) {});
    }
    EXPECT_EQ(read_all(*server_, 3'000'000), std::string(3'000'000, 'x'));
}

TEST_P(NetworkConformance, the_next_operation_may_start_in_a_completion) {
    make_pair();
    uint8_t byte[1];
    std::string got;
    std::function<void()> next = [&] {
        server_->read(byte, [&](Result<size_t> n) {
            ASSERT_TRUE(n.has_value());
            got.push_back(static_cast<char>(byte[0]));
            if (got.size() < 5) next();
        });
    };
    next();
    int sent = 0;
    std::function<void()> send = [&] {
        client_->write(Buffer::copy_of(std::string(1, static_cast<char>('a' + sent))),
                       [&](Result<void> r) {
                           ASSERT_TRUE(r.has_value());
                           if (++sent < 5) send();
                       });
    };
    send();
    ASSERT_TRUE(run_until([&] { return got.size() == 5; }));
    EXPECT_EQ(got, "abcde");
}

}  // namespace quern::conformance
