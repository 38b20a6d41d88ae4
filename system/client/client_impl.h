// Private to client's .cc files: what calls share.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "system/client/call.h"
#include "system/client/client.h"
#include "system/client/links.h"
#include "system/client/queue_ids.h"
#include "system/base/retry_budget.h"
#include "system/client/tokens.h"

namespace quern::client {

class Client::Impl final : public LinksHandler, public CallContext {
public:
    Impl(Env& env, Options options);
    ~Impl() override { calls_.clear(); }  // they use the rest

    CallId begin(wire::Request request, BufferChain contents, Done<wire::Response> done,
                 const CallOptions& options);
    void cancel(CallId id);
    size_t calls_under_way() const override { return calls_.size(); }
    Env& env() override { return env_; }

private:
    const Options& options() const override { return options_; }
    Links& links() override { return links_; }
    Tokens& tokens() override { return tokens_; }
    QueueIds& queue_ids() override { return queue_ids_; }
    RetryBudget& budget() override { return budget_; }
    ClusterTimeEstimate& cluster_time() override { return cluster_time_; }
    void wait_for_link(Call& call) override { waiting_.insert(call.id()); }
    std::unique_ptr<Call> end(Call& call) override;

    void on_link_usable(const wire::HelloReply& server) override;
    void on_refused(const Error& reason) override;
    Result<void> admit(const wire::Request& request, size_t bytes) const;

    friend class Client;
    Env& env_;
    Options options_;
    Tokens tokens_;
    QueueIds queue_ids_;
    RetryBudget budget_;
    ClusterTimeEstimate cluster_time_;
    CallId next_id_ = 1;
    size_t content_bytes_ = 0;
    std::map<CallId, std::unique_ptr<Call>> calls_;
    std::set<CallId> waiting_;  // those that want a link
    LifeGuard guard_;
    Links links_;
};

}  // namespace quern::client
