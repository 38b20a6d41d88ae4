#include "harness/work_client.h"

#include <algorithm>

namespace quern::harness {

namespace {

constexpr size_t receipts_kept_max = 64;
constexpr int64_t receive_wait_ms_max = 20'000;  // of any receive

}  // namespace

std::string queue_name(uint64_t number) { return "q" + std::to_string(number); }

QueueAttributes queue_attributes(const RunPlan& plan, uint64_t number) {
    if (plan.plain_queues != 0) return {};
    auto one_of = [&](uint64_t ordinal, std::initializer_list<int64_t> values) {
        return values.begin()[bounded(draw(plan.seed, Concern::queue, number, ordinal), values.size())];
    };
    QueueAttributes a;
    a.visibility_ms = one_of(1, {300, 2'000, plan.visibility_ms_max, plan.visibility_ms_max});
    a.delay_ms = std::min(plan.delay_ms_max, one_of(2, {0, 0, 0, 200, 2'000}));
    a.receive_wait_ms = std::min(plan.wait_ms_max, one_of(3, {0, 0, 1'000, 4'000}));
    a.queue_messages_max = static_cast<uint64_t>(one_of(4, {0, 0, 0, 3, 20, 60}));
    a.queue_bytes_max = static_cast<uint64_t>(one_of(5, {0, 0, 0, 5'000, 100'000}));
    a.overflow = one_of(6, {0, 0, 0, 0, 1}) == 1 ? Overflow::drop_oldest : Overflow::reject;
    a.message_bytes_max = static_cast<uint64_t>(one_of(7, {1'024, 262'144, 1'048'576, 1'048'576}));
    a.retention_ms = one_of(8, {60'000, 345'600'000, 345'600'000, 345'600'000});
    a.leased_messages_max = static_cast<uint64_t>(one_of(9, {120'000, 120'000, 120'000, 10}));
    return a;
}

WorkClient::WorkClient(Scene& scene, const RunPlan& plan, Recorder& recorder,
                       const std::vector<Endpoint>& endpoints, Identity identity)
    : scene_(scene), plan_(plan), recorder_(recorder), identity_(std::move(identity)),
      env_(scene.client_env(identity_.number)) {
    client::Options options;
    options.endpoints = endpoints;
    options.key_id = identity_.key_id;
    options.secret = identity_.secret;
    options.request_timeout = Duration::milliseconds(plan.request_timeout_ms);
    options.attempt_timeout = Duration::milliseconds(plan.attempt_timeout_ms);
    if (plan.by_name != 0) options.queue_ids_max = 0;
    client_ = std::make_unique<client::Client>(env_, std::move(options));
    for (int64_t hand = 0; hand < plan.hands; ++hand) {
        hands_.push_back(std::make_unique<OwnedTimer>(env_.timers));
    }
}

WorkClient::~WorkClient() {
    for (const uint64_t event : planned_) scene_.cancel(event);
}

void WorkClient::start() {
    working_ = true;
    began_ns_ = scene_.now_ns();
    if (plan_.scripted != 0) return schedule_planned();
    for (uint32_t hand = 0; hand < hands_.size(); ++hand) schedule(hand);
}

void WorkClient::stop() {
    working_ = false;
    for (auto& hand : hands_) hand->cancel();
}

void WorkClient::schedule_planned() {
    for (const PlannedOperation& planned : plan_.operations) {
        if (planned.client != identity_.number) continue;
        planned_.push_back(scene_.at(began_ns_ + planned.at_ns, identity_.number, planned.ordinal,
                                     [this, &planned] { act_planned(planned); }));
    }
}

void WorkClient::act_planned(const PlannedOperation& planned) {
    if (working_) (void)ask(planned, [](const Operation&) {});
}

bool WorkClient::ask(const PlannedOperation& planned, Done done) {
    Operation op;
    wire::Request request;
    if (!build(planned, op, request)) return false;
    perform(std::move(op), std::move(request), std::move(done));
    contents_.clear();
    return true;
}

void WorkClient::schedule(uint32_t hand) {
    if (!working_) return;
    const uint64_t who = uint64_t{identity_.number} << 32 | hand;
    const uint64_t random = draw(plan_.seed, Concern::think, who, next_ordinal_);
    const auto pause = static_cast<int64_t>(
        bounded(random, static_cast<uint64_t>(plan_.think_ms) * 2'000 + 1));
    hands_[hand]->start(env_.clock.now() + Duration::microseconds(pause),
                        [this, hand] { act(hand); });
}

void WorkClient::perform(Operation op, wire::Request request, Done done) {
    op.client = identity_.number;
    op.user = identity_.user;
    op.queue = request.queue_name;
    const int64_t wait_ms = op.kind == OpKind::receive ? receive_wait_ms_max : 0;
    op.deadline_ns = scene_.now_ns() + Duration::milliseconds(plan_.request_timeout_ms + wait_ms).ns;
    const size_t index = recorder_.invoke(std::move(op));
    ++under_way_;
    client_->call(std::move(request),
                  [this, index, done = std::move(done)](Result<wire::Response> response) mutable {
                      answered(index, std::move(response), std::move(done));
                  });
}

void WorkClient::answered(size_t index, Result<wire::Response> response, Done done) {
    --under_way_;
    const Operation& op = recorder_.complete(index, response);
    last_receipts_.clear();
    if (op.kind == OpKind::receive && op.ok()) {
        uint32_t part = 0;
        for (const auto& message : std::get<wire::ReceiveResponse>(response->body).messages) {
            last_receipts_.push_back(message.receipt);
            if (op.draining) continue;
            held_.push_back({op.queue, message.receipt, {op.ordinal, part++}});
            received_.emplace(held_.back().name, held_.back());
        }
        while (held_.size() > receipts_kept_max) held_.pop_front();
    }
    done(op);
}

}  // namespace quern::harness
