#include "system/balancer/balancer.h"

#include <list>

#include "system/balancer/catalogue_client.h"
#include "system/balancer/janitor.h"
#include "system/balancer/leader_table.h"
#include "system/balancer/session.h"
#include "system/metadata/secret_box.h"
#include "system/wire/acceptor.h"

namespace quern::balancer {

namespace {

using Secret = std::optional<std::vector<uint8_t>>;
using SecretDone = Callback<void(Result<Secret>)>;

// Looking a key up must not outlast the handshake.
constexpr Duration secret_patience = Duration::seconds(3);
// A client that takes no byte for this long, and not for twice as long, is let go.
constexpr Duration progress_interval = Duration::seconds(15);

}  // namespace

class Balancer::Impl final : public wire::AcceptorHandler, public SessionOwner {
public:
    Impl(Env& env, Options options, LocalStorage* local)
        : env_(env), options_(std::move(options)), upstreams_(env, options_, local),
          leaders_(upstreams_),
          context_{env,       options_, upstreams_,
                   leaders_,  catalogue_, load_,
                   env.metrics.counter("balancer_requests_ok")},
          catalogue_(context_),
          janitor_(context_), acceptor_(env, acceptor_options(), *this), drain_timer_(env.timers),
          progress_timer_(env.timers) {}

    Result<void> start();
    void drain(Duration limit, Callback<void()> done);
    const Endpoint& endpoint() const { return endpoint_; }
    Stats stats() const;

private:
    wire::Acceptor::Options acceptor_options() const;
    wire::HelloReply greeting() override;
    void find_secret(const std::string& name, SecretDone done) override;
    void on_session(std::unique_ptr<wire::FrameConnection> connection,
                    const std::string& name) override;
    void session_ended(Session& session) override;
    Secret secret_of(const std::string& key_id, const metadata::UserRecord* user) const;
    void check_drained();
    void check_progress();

    Env& env_;
    const Options options_;
    Load load_;
    Upstreams upstreams_;
    LeaderTable leaders_;
    Context context_;  // refers to the next, which is made after it
    CatalogueClient catalogue_;
    Janitor janitor_;
    std::list<std::unique_ptr<Session>> sessions_;
    std::list<std::unique_ptr<Session>> sessions_ended_;  // until the loop's next turn
    wire::Acceptor acceptor_;
    Endpoint endpoint_;
    bool draining_ = false;
    Callback<void()> drained_;
    OwnedTimer drain_timer_;
    OwnedTimer progress_timer_;
    LifeGuard guard_;
};

wire::Acceptor::Options Balancer::Impl::acceptor_options() const {
    wire::Acceptor::Options options;
    options.at = options_.client_at;
    options.port = wire::Port::client;
    return options;
}

Result<void> Balancer::Impl::start() {
    std::map<NodeId, metadata::NodeRecord> seeds;
    for (const metadata::NodeRecord& seed : options_.seeds) seeds[seed.id] = seed;
    upstreams_.set_nodes(seeds);
    Result<void> listening = acceptor_.start();
    if (!listening) return listening;
    endpoint_ = acceptor_.local();
    catalogue_.start();
    janitor_.start();
    progress_timer_.start(env_.clock.now() + progress_interval, [this] { check_progress(); });
    return {};
}

// --- connections --------------------------------------------------------------------------------------

wire::HelloReply Balancer::Impl::greeting() {
    wire::HelloReply hello;
    hello.cluster = options_.cluster;
    hello.time = catalogue_.time();
    hello.node = options_.self;
    return hello;
}

void Balancer::Impl::find_secret(const std::string& name, SecretDone done) {
    const metadata::UserRecord* user = nullptr;
    const Instant now = env_.clock.now();
    const metadata::Lookup lookup = catalogue_.cache().find_user_by_key(name, now, &user);
    if (lookup != metadata::Lookup::unknown) return done(secret_of(name, user));
    catalogue_.fetch_user(
        name, now + secret_patience,
        [this, name, run = std::move(done)](Result<FoundUser> found) mutable {
            if (!found) return run(fail(std::move(found.error())));
            run(secret_of(name, found->record ? &*found->record : nullptr));
        });
}

Secret Balancer::Impl::secret_of(const std::string& key_id,
                                 const metadata::UserRecord* user) const {
    if (user == nullptr) return std::nullopt;
    for (const metadata::AccessKey& key : user->keys) {
        if (key.id != key_id) continue;
        Result<std::string> secret = metadata::unseal_secret(options_.key_encryption_key, key.id,
                                                             key.secret_sealed.span());
        if (!secret) {
            env_.log.write(LogLevel::error, "balancer",
                           "the secret of an access key cannot be read: " + secret.error().detail);
            return std::nullopt;
        }
        Secret bytes(std::vector<uint8_t>(secret->begin(), secret->end()));
        metadata::wipe(*secret);
        return bytes;
    }
    return std::nullopt;
}

void Balancer::Impl::on_session(std::unique_ptr<wire::FrameConnection> connection,
                                const std::string& name) {
    sessions_.push_back(
        std::make_unique<Session>(context_, *this, std::move(connection), name));
    Session& session = *sessions_.back();
    if (draining_) {
        session.end(Error(ErrorCode::shutting_down, "this balancer is stopping"));
    } else if (sessions_.size() > options_.connections_max) {
        session.end(Error(ErrorCode::overloaded, "too many connections",
                          static_cast<int64_t>(options_.connections_max),
                          static_cast<int64_t>(sessions_.size())));
    }
}

// May be called from inside the session: it is destroyed from the loop.
void Balancer::Impl::session_ended(Session& session) {
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
        if (it->get() != &session) continue;
        sessions_ended_.splice(sessions_ended_.end(), sessions_, it);
        env_.loop.post(guard_.wrap([this] { std::exchange(sessions_ended_, {}); }));
        break;
    }
    check_drained();
}

void Balancer::Impl::check_progress() {
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        Session& session = **it++;  // it may end, and leave the list
        session.check_progress();
    }
    progress_timer_.start(env_.clock.now() + progress_interval, [this] { check_progress(); });
}

// --- drain --------------------------------------------------------------------------------------------

void Balancer::Impl::drain(Duration limit, Callback<void()> done) {
    drained_ = std::move(done);
    draining_ = true;
    acceptor_.stop();
    drain_timer_.start(env_.clock.now() + limit, [this] {
        while (!sessions_.empty()) {
            sessions_.front()->end(Error(ErrorCode::shutting_down, "this balancer is stopping"));
        }
    });
    std::vector<Session*> sessions;
    for (const auto& session : sessions_) sessions.push_back(session.get());
    for (Session* session : sessions) session->drain();
    check_drained();
}

void Balancer::Impl::check_drained() {
    if (!draining_ || !sessions_.empty() || !drained_) return;
    drain_timer_.cancel();
    env_.loop.post(guard_.wrap([run = std::move(drained_)]() mutable { run(); }));
    drained_ = nullptr;
}

Stats Balancer::Impl::stats() const {
    Stats stats;
    stats.sessions = sessions_.size();
    stats.requests = load_.requests;
    stats.inflight = load_.inflight;
    stats.parked = load_.parked;
    stats.retries = load_.retries;
    stats.catalogue_fresh = catalogue_.fresh();
    return stats;
}

// ------------------------------------------------------------------------------------------------------

Balancer::Balancer(Env& env, Options options, LocalStorage* local)
    : impl_(std::make_unique<Impl>(env, std::move(options), local)) {}
Balancer::~Balancer() = default;
Result<void> Balancer::start() { return impl_->start(); }
void Balancer::drain(Duration limit, Callback<void()> done) { impl_->drain(limit, std::move(done)); }
const Endpoint& Balancer::client_endpoint() const { return impl_->endpoint(); }
Stats Balancer::stats() const { return impl_->stats(); }

}  // namespace quern::balancer
