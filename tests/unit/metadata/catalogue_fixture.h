// A bootstrapped catalogue and short ways to command it.
#pragma once

#include <gtest/gtest.h>

#include "system/metadata/catalogue_state.h"

namespace quern::metadata {

inline AccessKey make_key(const std::string& id) {
    return AccessKey{id, Buffer::copy_of("sealed " + id)};
}

inline NodeRecord make_node(uint32_t id) {
    return NodeRecord{.id = NodeId(id),
                      .uuid = Uuid{77, id},
                      .host = "node" + std::to_string(id),
                      .peer_port = 7000,
                      .client_port = 7001,
                      .version = {}};
}

inline Bootstrap make_bootstrap(uint32_t nodes = 3, uint32_t data_groups = 2,
                                uint32_t replication = 3) {
    Bootstrap bootstrap{.cluster = Uuid{1, 2},
                        .nodes = {},
                        .data_groups = data_groups,
                        .replication = replication,
                        .seed = Uuid{3, 4},
                        .first_user = {}};
    for (uint32_t id = 1; id <= nodes; ++id)
        bootstrap.nodes.push_back(make_node(id));
    bootstrap.first_user.name = "root";
    bootstrap.first_user.account = default_account;
    bootstrap.first_user.keys = {make_key("QKROOT")};
    return bootstrap;
}

inline QueueName queue_name(const std::string& name) { return {default_account, name}; }
inline CreateQueue make_queue(const std::string& name) { return {queue_name(name), {}, {}}; }

class CatalogueTest : public testing::Test {
protected:
    explicit CatalogueTest(const CatalogueBounds& bounds = {}) : state(bounds) {}

    template <typename Operation>
    Reply run(const Operation& operation, const Token& token = {}, int64_t at_ms = 0) {
        state.begin_entry(state.index.next(), ClusterTime{at_ms});
        Reply reply = state.apply(Command{token, UserId(1), operation});
        EXPECT_EQ(state.find_contradiction(), "");
        state.sessions.check_invariants();
        return reply;
    }
    void bootstrap() { ASSERT_EQ(error_of(run(make_bootstrap())), ErrorCode::ok); }

    static ErrorCode error_of(const Reply& reply) {
        const auto* error = std::get_if<Error>(&reply.result);
        return error == nullptr ? ErrorCode::ok : error->code;
    }
    static QueueRecord queue_of(const Reply& reply) { return std::get<QueueRecord>(reply.result); }
    static UserRecord user_of(const Reply& reply) { return std::get<UserRecord>(reply.result); }
    static NodeRecord node_of(const Reply& reply) { return std::get<NodeRecord>(reply.result); }

    CatalogueState state;
};

}  // namespace quern::metadata
