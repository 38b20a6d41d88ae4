#include <gtest/gtest.h>

#include "system/node/node.h"

namespace quern::node {
namespace {

Config config() {
    Config config;
    config.self = NodeId(1);
    config.cluster = ClusterId{1, 2};
    config.cluster_secret.assign(32, 7);
    config.nodes = {metadata::NodeRecord{.id = NodeId(1), .uuid = {}, .host = "a", .version = {}}};
    config.admin_secret = "secret";
    return config;
}

// The catalogue refuses to be founded with more, so the configuration must not promise them.
TEST(Config, has_as_many_data_groups_as_the_catalogue_takes) {
    Config c = config();
    EXPECT_TRUE(validate(c).has_value());
    c.data_groups = limits::groups_max - 1;
    EXPECT_TRUE(validate(c).has_value());
    c.data_groups = limits::groups_max;
    const Result<void> refused = validate(c);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().detail.find("4095"), std::string::npos) << refused.error().detail;
}

}  // namespace
}  // namespace quern::node
