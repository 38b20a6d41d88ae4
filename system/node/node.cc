#include "system/node/node.h"

#include <fmt/format.h>

#include "system/base/planted_bug.h"
#include "system/metadata/secret_box.h"

namespace quern::node {

// The balancer's way to the storage in the same process.
class Node::Local final : public balancer::LocalStorage {
public:
    explicit Local(replica::ReplicaHost& host) : host_(host) {}
    balancer::LocalRequest forward(wire::Forward request,
                                   Callback<void(wire::Encoded)> done) override {
        return host_.forward(request, std::move(done));
    }
    void query(wire::Query query, Callback<void(wire::QueryReply)> done) override {
        host_.query(std::move(query), std::move(done));
    }
    balancer::LocalRequest relay(wire::Relay relay,
                                 Callback<void(Result<wire::Frame>)> done) override {
        return host_.relay(std::move(relay), std::move(done));
    }
    void cancel(balancer::LocalRequest request) override { host_.cancel(request); }

private:
    replica::ReplicaHost& host_;
};

Result<void> validate(const Config& config) {
    auto wrong = [](std::string what) { return fail(ErrorCode::invalid_argument, std::move(what)); };
    if (!config.self) return wrong("node id: must be 1 or more");
    if (!config.cluster) return wrong("cluster id: missing");
    if (config.cluster_secret.size() != 32) {
        return wrong(fmt::format("cluster secret: must be 32 bytes, but has {}",
                                 config.cluster_secret.size()));
    }
    if (config.nodes.empty()) return wrong("nodes: at least one storage node is needed");
    bool self_listed = false;
    for (size_t i = 0; i < config.nodes.size(); ++i) {
        self_listed = self_listed || config.nodes[i].id == config.self;
        if (i > 0 && config.nodes[i].id <= config.nodes[i - 1].id) {
            return wrong("nodes: must be listed by rising id");
        }
    }
    if (config.role != Role::balancer && !self_listed) {
        return wrong(fmt::format("nodes: node {} itself is not in the list", config.self.value));
    }
    if (config.data_groups == 0 || config.data_groups > data_groups_max) {
        return wrong(fmt::format("data groups: must be 1 to {}, but is {}", data_groups_max,
                                 config.data_groups));
    }
    if (config.replication == 0) return wrong("replication: must be 1 or more");
    if (config.admin_secret.empty() || config.admin_secret.size() > limits::secret_bytes_max) {
        return wrong(fmt::format("admin secret: must be 1 to {} bytes, but has {}",
                                 limits::secret_bytes_max, config.admin_secret.size()));
    }
    return {};
}

namespace {

Key key_encryption_key(const Config& config) {
    const bool own = PLANTED(secrets_under_own_key);
    return derive_key(config.cluster_secret,
                      own ? fmt::format("of {}", config.self.value) : "key-encryption");
}

metadata::UserRecord first_user(Env& env, const Config& config) {
    metadata::UserRecord user;
    user.name = "admin";
    user.account = metadata::default_account;
    metadata::AccessKey key;
    key.id = config.admin_key_id;
    const metadata::Nonce nonce = metadata::generate_nonce([&env] { return env.entropy.next(); });
    Result<Buffer> sealed =
        metadata::seal_secret(key_encryption_key(config), nonce, key.id, config.admin_secret);
    QUERN_ASSERT(sealed.has_value());  // validate() checked the secret's length
    key.secret_sealed = std::move(*sealed);
    user.keys.push_back(std::move(key));
    user.grants.push_back({metadata::Effect::allow, metadata::all_actions, ""});
    return user;
}

replica::HostOptions host_options(Env& env, const Config& config) {
    replica::HostOptions options;
    options.cluster = config.cluster;
    options.self = config.self;
    options.peer_at = config.peer_at;
    options.cluster_secret = config.cluster_secret;
    options.nodes = config.nodes;
    options.data_groups = config.data_groups;
    options.replication = config.replication;
    options.first_user = first_user(env, config);
    options.election_timeout = config.election_timeout;
    options.heartbeat_interval = config.heartbeat_interval;
    options.ping_interval = config.ping_interval;
    options.snapshot_entries = config.snapshot_entries;
    options.storage = config.storage;
    options.observer = config.observer;
    return options;
}

}  // namespace

Node::Node(Env& env, Config config, Callback<void(const Error&)> fatal)
    : env_(env), config_(std::move(config)), fatal_(std::move(fatal)), drain_timer_(env.timers) {}

Node::~Node() {
    admin_.reset();
    balancer_.reset();  // its calls into the host end first
    host_.reset();
}

void Node::start(Callback<void(Result<void>)> ready) {
    Result<void> valid = validate(config_);
    if (valid) valid = start_admin();
    if (!valid) {
        env_.loop.post(guard_.wrap([ready = std::move(ready), valid]() mutable { ready(valid); }));
        return;
    }
    auto running = [this, ready = std::move(ready)](Result<void> started) mutable {
        started_ = started.has_value();
        ready(std::move(started));
    };
    if (config_.role == Role::balancer) return start_balancer(std::move(running));
    host_ = std::make_unique<replica::ReplicaHost>(env_, host_options(env_, config_),
                                                   [this](const Error& error) {
                                                       if (PLANTED(broken_disk_not_told)) return;
                                                       fatal_(error);
                                                   });
    local_ = std::make_unique<Local>(*host_);
    host_->start(guard_.wrap([this, running = std::move(running)](Result<void> started) mutable {
        if (!started || config_.role == Role::storage) return running(std::move(started));
        start_balancer(std::move(running));
    }));
}

// It answers from here on, so that recovery can be watched.
Result<void> Node::start_admin() {
    if (!config_.admin_at) return {};
    pages_ = std::make_unique<NodePages>(env_, *this);
    AdminEndpoint::Options options;
    options.at = *config_.admin_at;
    admin_ = std::make_unique<AdminEndpoint>(env_, std::move(options), *pages_);
    return admin_->start();
}

void Node::start_balancer(Callback<void(Result<void>)> ready) {
    balancer::Options options;
    options.client_at = config_.client_at;
    options.self = config_.self;
    options.cluster = config_.cluster;
    options.cluster_secret = config_.cluster_secret;
    options.key_encryption_key = key_encryption_key(config_);
    options.seeds = config_.nodes;
    if (host_ != nullptr) options.self_uuid = host_->node_storage()->superblock().node_uuid;
    balancer_ = std::make_unique<balancer::Balancer>(env_, std::move(options), local_.get());
    env_.loop.post(guard_.wrap([this, ready = std::move(ready)]() mutable {
        ready(balancer_->start());
    }));
}

void Node::drain(Duration limit, Callback<void()> done) {
    draining_ = true;
    auto finish = [this, limit, done = std::move(done)]() mutable {
        if (host_ == nullptr) return done();
        host_->drain();
        // Long enough for the transfers to reach their targets.
        const Duration grace = std::min(limit, Duration::milliseconds(300));
        drain_timer_.start(env_.clock.now() + grace, [done = std::move(done)]() mutable { done(); });
    };
    if (balancer_ == nullptr) {
        env_.loop.post(guard_.wrap(std::move(finish)));
    } else {
        balancer_->drain(limit, guard_.wrap(std::move(finish)));
    }
}

std::string Node::reason_not_ready() const {
    if (!started_) return "starting: the data directory is being read";
    if (draining_) return "draining: the node is about to stop";
    if (host_ != nullptr && !host_->healthy()) {
        return "storage: the cluster is not founded yet, or a local group knows no leader";
    }
    if (balancer_ != nullptr && !balancer_->stats().catalogue_fresh) {
        return "balancer: the metadata group cannot be reached";
    }
    return {};
}

bool Node::healthy() const {
    const bool storage_ok = host_ == nullptr || host_->healthy();
    const bool balancer_ok = balancer_ == nullptr || balancer_->stats().catalogue_fresh;
    return storage_ok && balancer_ok;
}

}  // namespace quern::node
