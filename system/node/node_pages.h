// What a node tells at its admin endpoint: /metrics (Prometheus text), /health (200 while the
// process works), /ready (200 while it should be sent requests, else 503 and why). Owned by its
// node.
#pragma once

#include "system/node/admin_endpoint.h"

namespace quern::node {

class Node;

class NodePages final : public AdminPages {
public:
    NodePages(Env& env, Node& node) : env_(env), node_(node) {}
    std::optional<HttpPage> page(const std::string& path) override;

private:
    // Gauges that are computed when somebody asks.
    void take_gauges();
    void take_storage_gauges();

    Env& env_;
    Node& node_;
};

}  // namespace quern::node
