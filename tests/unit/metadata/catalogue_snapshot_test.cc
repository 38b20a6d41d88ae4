#include "system/metadata/catalogue.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

Catalogue filled() {
    Catalogue catalogue;
    uint64_t index = 0;
    const auto run = [&](auto operation, Token token = {}) {
        catalogue.begin_entry(LogIndex(++index), ClusterTime{static_cast<int64_t>(index) * 10});
        catalogue.apply(Command{token, UserId(1), operation});
    };
    const auto token = [](uint64_t seq) {
        return Token{SessionId(7), seq, 0, ClusterTime{100'000}};
    };
    run(make_bootstrap());
    for (const char* name : {"a", "b", "c"})
        run(make_queue(name), token(index));
    run(TagQueue{queue_name("a"), {{"team", "x"}}, {}});
    run(DeleteQueue{queue_name("b")}, token(index));
    run(DeleteQueue{queue_name("none")}, token(index));
    run(CreateUser{"ann", default_account, make_key("QKANN")}, token(index));
    run(AddGrant{"ann", Grant{Effect::allow, 3, "a"}});
    NodeRecord node = make_node(1);
    node.host = "moved";
    run(UpdateNode{node}, token(index));
    return catalogue;
}

std::vector<uint8_t> bytes_of(const Catalogue& catalogue) {
    std::vector<uint8_t> bytes;
    for (const Buffer& chunk : catalogue.snapshot(64)) {
        bytes.insert(bytes.end(), chunk.span().begin(), chunk.span().end());
    }
    return bytes;
}

Result<Catalogue> restore_bytes(const std::vector<uint8_t>& bytes) {
    return Catalogue::restore({Buffer::copy_of(ByteSpan(bytes.data(), bytes.size()))});
}

// Puts the right checksum under changed bytes, so that what they say is looked at.
void seal(std::vector<uint8_t>& bytes) {
    const uint32_t checksum = crc32c({bytes.data(), bytes.size() - 4});
    for (int i = 0; i < 4; ++i) {
        bytes[bytes.size() - 4 + static_cast<size_t>(i)] =
            static_cast<uint8_t>(checksum >> (8 * i));
    }
}

TEST(CatalogueSnapshot, restores_an_equal_state) {
    const Catalogue original = filled();
    const Result<Catalogue> restored = Catalogue::restore(original.snapshot(4096));
    ASSERT_TRUE(restored.has_value());
    restored->check_invariants();
    EXPECT_EQ(restored->state_hash(), original.state_hash());
    EXPECT_EQ(restored->rolling_hash(), original.rolling_hash());
    EXPECT_EQ(restored->index(), original.index());
    EXPECT_EQ(restored->time(), original.time());
    EXPECT_EQ(restored->cluster(), original.cluster());
    EXPECT_EQ(restored->policy_version(), original.policy_version());
    EXPECT_EQ(restored->next_deadline(), original.next_deadline());
    EXPECT_EQ(restored->deleting_queues(), original.deleting_queues());
    EXPECT_EQ(restored->nodes(), original.nodes());
    EXPECT_EQ(restored->groups(), original.groups());
    EXPECT_EQ(*restored->find_queue(queue_name("a")), *original.find_queue(queue_name("a")));
    EXPECT_EQ(*restored->find_user_by_key("QKANN"), *original.find_user_by_key("QKANN"));
}

TEST(CatalogueSnapshot, an_empty_catalogue_restores) {
    const Catalogue original;
    const Result<Catalogue> restored = Catalogue::restore(original.snapshot(64));
    ASSERT_TRUE(restored.has_value());
    EXPECT_FALSE(restored->bootstrapped());
    EXPECT_EQ(restored->state_hash(), original.state_hash());
}

TEST(CatalogueSnapshot, the_bytes_do_not_depend_on_chunks) {
    const Catalogue catalogue = filled();
    for (const size_t chunk_bytes : {1u, 7u, 100u, 1'000'000u}) {
        const std::vector<Buffer> chunks = catalogue.snapshot(chunk_bytes);
        std::vector<uint8_t> joined;
        for (size_t i = 0; i < chunks.size(); ++i) {
            EXPECT_LE(chunks[i].size(), chunk_bytes);
            EXPECT_TRUE(i + 1 == chunks.size() || chunks[i].size() == chunk_bytes);
            joined.insert(joined.end(), chunks[i].span().begin(), chunks[i].span().end());
        }
        EXPECT_EQ(joined, bytes_of(catalogue));
        EXPECT_TRUE(Catalogue::restore(chunks).has_value());
    }
}

TEST(CatalogueSnapshot, ids_stay_unique_after_a_restore) {
    Catalogue original = filled();
    const QueueId deleted = original.deleting_queues().front();
    Catalogue restored = std::move(*Catalogue::restore(original.snapshot(4096)));
    restored.begin_entry(restored.index().next(), ClusterTime{});
    const Reply reply = restored.apply(Command{{}, UserId(1), make_queue("z")});
    EXPECT_GT(std::get<QueueRecord>(reply.result).id, deleted);
    EXPECT_EQ(std::get<QueueRecord>(reply.result).id.value, original.version().value + 1);
}

TEST(CatalogueSnapshot, first_replies_survive_a_restore) {
    Catalogue restored = std::move(*Catalogue::restore(filled().snapshot(4096)));
    restored.begin_entry(restored.index().next(), ClusterTime{});
    const Reply reply = restored.apply(
        Command{Token{SessionId(7), 1, 0, ClusterTime{100'000}}, UserId(1), make_queue("a")});
    EXPECT_TRUE(reply.repeated);
    EXPECT_TRUE(std::get<QueueRecord>(reply.result).tags.empty());
}

TEST(CatalogueSnapshot, watchers_of_before_start_anew_after_a_restore) {
    const Catalogue original = filled();
    const Catalogue restored = std::move(*Catalogue::restore(original.snapshot(4096)));
    EXPECT_TRUE(original.changes_since(CatalogueVersion(0), 100).has_value());
    EXPECT_FALSE(restored.changes_since(original.version().prev(), 100).has_value());
    EXPECT_TRUE(restored.changes_since(original.version(), 100).has_value());
}

TEST(CatalogueSnapshot, watchers_start_anew_after_changes_were_forgotten) {
    Catalogue catalogue = filled();
    const uint64_t hash = catalogue.state_hash();
    ASSERT_TRUE(catalogue.changes_since(catalogue.version().prev(), 100).has_value());
    catalogue.forget_changes();
    EXPECT_FALSE(catalogue.changes_since(catalogue.version().prev(), 100).has_value());
    EXPECT_TRUE(catalogue.changes_since(catalogue.version(), 100)->empty());
    EXPECT_EQ(catalogue.state_hash(), hash);
}

TEST(CatalogueSnapshot, every_changed_bit_is_noticed) {
    const std::vector<uint8_t> good = bytes_of(filled());
    for (size_t bit = 0; bit < good.size() * 8; bit += 3) {
        std::vector<uint8_t> bytes = good;
        bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        const Result<Catalogue> restored = restore_bytes(bytes);
        ASSERT_FALSE(restored.has_value()) << bit;
        EXPECT_EQ(restored.error().code, ErrorCode::corrupt);
    }
}

TEST(CatalogueSnapshot, every_cut_is_noticed_even_with_a_right_checksum) {
    const std::vector<uint8_t> good = bytes_of(filled());
    for (size_t size = 0; size < good.size(); ++size) {
        std::vector<uint8_t> bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
        if (size >= 4) seal(bytes);
        EXPECT_FALSE(restore_bytes(bytes).has_value()) << size;
    }
    std::vector<uint8_t> longer = good;
    longer.push_back(0);
    seal(longer);
    EXPECT_FALSE(restore_bytes(longer).has_value());
}

// What decodes in spite of a change must be a state that holds together and encodes to the same
// bytes.
TEST(CatalogueSnapshot, changed_bytes_with_a_right_checksum_never_break_the_state) {
    const std::vector<uint8_t> good = bytes_of(filled());
    size_t refused = 0;
    for (size_t position = 0; position + 4 < good.size(); ++position) {
        for (const unsigned value : {0x00u, 0xffu, 0x01u}) {
            std::vector<uint8_t> bytes = good;
            bytes[position] = static_cast<uint8_t>(bytes[position] ^ value);
            seal(bytes);
            const Result<Catalogue> restored = restore_bytes(bytes);
            if (!restored) {
                ++refused;
                continue;
            }
            restored->check_invariants();
            EXPECT_EQ(bytes_of(*restored), bytes) << position;
        }
    }
    EXPECT_GT(refused, good.size() / 4);
}

TEST(CatalogueSnapshot, golden_bytes_of_an_empty_catalogue) {
    const std::vector<uint8_t> bytes = bytes_of(Catalogue());
    ASSERT_EQ(bytes.size(), 8u + 7 * 8 + 5 * 8 + 4);
    const std::vector<uint8_t> head(bytes.begin(), bytes.begin() + 8);
    EXPECT_EQ(head, (std::vector<uint8_t>{'Q', 'C', 'A', 'T', 1, 0, 0, 0}));
    for (size_t i = 8; i < bytes.size() - 4; ++i) {
        const bool in_rolling_hash = i >= 8 + 6 * 8 && i < 8 + 7 * 8;
        EXPECT_TRUE(in_rolling_hash || bytes[i] == 0) << i;
    }
}

}  // namespace
}  // namespace quern::metadata
