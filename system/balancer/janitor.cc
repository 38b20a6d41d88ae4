#include "system/balancer/janitor.h"

#include "system/balancer/catalogue_client.h"
#include "system/base/prng.h"

namespace quern::balancer {

namespace {

constexpr Duration step_timeout = Duration::seconds(5);

}  // namespace

Janitor::Janitor(const Context& context)
    : context_(context), call_(context), timer_(context.env.timers) {}

void Janitor::rest() {
    const auto jitter = static_cast<int64_t>(
        bounded(context_.env.entropy.next(), static_cast<uint64_t>(rest_min.ns)));
    timer_.start(context_.env.clock.now() + rest_min + Duration::nanoseconds(jitter),
                 [this] { list(); });
}

void Janitor::list() {
    if (!context_.catalogue.fresh()) return rest();
    GroupCall::Options options;
    options.group = metadata_group;
    options.deadline = context_.env.clock.now() + step_timeout;
    call_.query(options, wire::ListDeleting{},
                [this](Result<GroupReply> result) { listed(std::move(result)); });
}

void Janitor::listed(Result<GroupReply> result) {
    deleting_.clear();
    if (result && result->reply->error.code == ErrorCode::ok) {
        if (auto* answer = std::get_if<wire::QueueListAnswer>(&result->reply->answer)) {
            for (metadata::QueueRecord& record : answer->records) {
                if (record.state != metadata::QueueStateKind::deleting) continue;
                if (deleting_.size() == queues_per_round_max) break;
                deleting_.push_back(std::move(record));
            }
        }
    }
    drop_next();
}

void Janitor::drop_next() {
    if (deleting_.empty()) return rest();
    const metadata::QueueRecord& record = deleting_.front();
    wire::Forward forward;
    forward.header.group = record.group;
    forward.header.queue = record.id;
    forward.header.record_version = record.version;
    forward.header.authorised_at = record.version;
    forward.header.kind = wire::ForwardHeader::Kind::drop_queue;
    GroupCall::Options options;
    options.group = record.group;
    options.deadline = context_.env.clock.now() + step_timeout;
    options.mutates = true;
    call_.forward(options, std::move(forward),
                  [this](Result<GroupReply> reply) { dropped(std::move(reply)); });
}

void Janitor::dropped(Result<GroupReply> result) {
    const QueueId queue = deleting_.front().id;
    deleting_.pop_front();
    if (!result || result->answer.summary.error.code != ErrorCode::ok) return drop_next();
    context_.env.metrics.counter("balancer_deletions_finished").add();
    metadata::Command command;
    command.operation = metadata::ForgetQueue{queue};
    GroupCall::Options options;
    options.group = metadata_group;
    options.deadline = context_.env.clock.now() + step_timeout;
    options.mutates = true;
    call_.query(options, wire::Change{std::move(command)},
                [this](Result<GroupReply>) { drop_next(); });
}

}  // namespace quern::balancer
