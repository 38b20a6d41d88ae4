#include "system/metadata/validate.h"

#include <gtest/gtest.h>

#include <set>

namespace quern::metadata {
namespace {

TEST(ValidateNames, queue_names) {
    const std::vector<std::string> allowed = {"a", "A-z_09", "a.fifo", std::string(80, 'x'),
                                              std::string(75, 'x').append(".fifo")};
    for (const std::string& good : allowed) {
        EXPECT_TRUE(validate_queue_name(good)) << good;
    }
    for (const std::string& bad :
         {std::string(), std::string(81, 'x'), std::string(76, 'x') + ".fifo", std::string(".fifo"),
          std::string("a.b"), std::string("a.fifo.fifo"), std::string("a\nb"),
          std::string("a\0b", 3), std::string("../a"), std::string("a b"),
          std::string("\xc3\xa4")}) {
        const auto valid = validate_queue_name(bad);
        ASSERT_FALSE(valid) << bad;
        EXPECT_EQ(valid.error().code, ErrorCode::invalid_name);
        EXPECT_EQ(valid.error().detail.find('\n'), std::string::npos);
    }
}

TEST(ValidateNames, users_accounts_and_hosts) {
    EXPECT_TRUE(validate_user_name("ann.b+c@example-1_x"));
    EXPECT_TRUE(validate_user_name(std::string(80, 'u')));
    EXPECT_FALSE(validate_user_name(std::string(81, 'u')));
    EXPECT_FALSE(validate_user_name(""));
    EXPECT_FALSE(validate_user_name("a:b"));
    EXPECT_TRUE(validate_account("012345678901"));
    EXPECT_FALSE(validate_account("01234567890"));
    EXPECT_FALSE(validate_account("0123456789012"));
    EXPECT_FALSE(validate_account("01234567890a"));
    EXPECT_TRUE(validate_host("node-1.example"));
    EXPECT_TRUE(validate_host("[fe80::1%eth0]"));
    EXPECT_FALSE(validate_host(""));
    EXPECT_FALSE(validate_host("a/b"));
    EXPECT_TRUE(validate_host(std::string(limits::host_bytes_max, 'h')));
    EXPECT_FALSE(validate_host(std::string(limits::host_bytes_max + 1, 'h')));
}

TEST(ValidateAttributes, every_range_holds_at_both_ends) {
    for (const AttributeInfo& info : attribute_table()) {
        QueueAttributes attributes;
        for (const int64_t good : {info.minimum, info.maximum}) {
            set_attribute_value(attributes, info, good);
            EXPECT_TRUE(validate_attributes(attributes)) << info.name << good;
            EXPECT_EQ(attribute_value(attributes, info), good);
        }
        if (info.maximum < INT64_MAX) {
            set_attribute_value(attributes, info, info.maximum + 1);
            const auto valid = validate_attributes(attributes);
            ASSERT_FALSE(valid) << info.name;
            EXPECT_EQ(valid.error().limit, info.maximum);
            EXPECT_NE(valid.error().detail.find(info.name), std::string::npos);
        }
        set_attribute_value(attributes, info, info.minimum - 1);
        EXPECT_FALSE(validate_attributes(attributes)) << info.name;
        set_attribute_value(attributes, info, INT64_MIN);
        EXPECT_FALSE(validate_attributes(attributes)) << info.name;
    }
}

TEST(ValidateAttributes, table_covers_each_attribute_once) {
    std::set<std::string_view> names;
    uint32_t bits = 0;
    for (const AttributeInfo& info : attribute_table()) {
        EXPECT_TRUE(names.insert(info.name).second);
        EXPECT_EQ(bits & info.bit, 0u);
        bits |= info.bit;
        QueueAttributes changed;
        set_attribute_value(changed, info, attribute_value(changed, info) + 1);
        EXPECT_NE(changed, QueueAttributes{}) << info.name;
        EXPECT_EQ(merge_attributes({}, changed, info.bit), changed);
        EXPECT_EQ(merge_attributes({}, changed, ~info.bit), QueueAttributes{});
    }
    EXPECT_EQ(bits, attribute_mask_all());
    EXPECT_TRUE(validate_attributes(QueueAttributes{}));
}

TEST(ValidateAttributes, an_unknown_overflow_policy_is_not_cut_to_a_known_one) {
    for (const AttributeInfo& info : attribute_table()) {
        if (info.name != "overflow") continue;
        QueueAttributes attributes;
        set_attribute_value(attributes, info, 256);
        EXPECT_FALSE(validate_attributes(attributes));
    }
}

TEST(ValidateTags, lengths_and_characters) {
    EXPECT_TRUE(validate_tags({{std::string(128, 'k'), std::string(256, 'v')}}));
    EXPECT_FALSE(validate_tags({{std::string(129, 'k'), "v"}}));
    EXPECT_FALSE(validate_tags({{"k", std::string(257, 'v')}}));
    EXPECT_FALSE(validate_tags({{"", "v"}}));
    EXPECT_FALSE(validate_tags({{"k\r", "v"}}));
    EXPECT_FALSE(validate_tags({{"k", std::string("a\0b", 3)}}));
    EXPECT_TRUE(validate_tags({{"k", "\xc3\xa4 : =/"}}));
}

TEST(ValidateGrants, actions_and_prefixes) {
    EXPECT_TRUE(validate_grant({Effect::deny, all_actions, "a.fifo"}));
    EXPECT_FALSE(validate_grant({Effect::allow, 0, ""}));
    EXPECT_FALSE(validate_grant({Effect::allow, all_actions + 1, ""}));
    EXPECT_FALSE(validate_grant({static_cast<Effect>(2), 1, ""}));
    EXPECT_FALSE(validate_grant({Effect::allow, 1, "a*"}));
    EXPECT_TRUE(validate_grant({Effect::allow, 1, std::string(80, 'p')}));
    EXPECT_FALSE(validate_grant({Effect::allow, 1, std::string(81, 'p')}));
}

TEST(ValidateKeys, ids_and_sealed_secrets) {
    const auto key = [](size_t id_bytes, size_t secret_bytes) {
        return AccessKey{std::string(id_bytes, 'K'),
                         Buffer::copy_of(std::string(secret_bytes, 's'))};
    };
    EXPECT_TRUE(validate_access_key(key(3, 1)));
    EXPECT_TRUE(validate_access_key(key(128, 256)));
    EXPECT_FALSE(validate_access_key(key(2, 1)));
    EXPECT_FALSE(validate_access_key(key(129, 1)));
    EXPECT_FALSE(validate_access_key(key(3, 0)));
    EXPECT_FALSE(validate_access_key(key(3, 257)));
    EXPECT_FALSE(validate_access_key({"a-b", Buffer::copy_of("s")}));
}

}  // namespace
}  // namespace quern::metadata
