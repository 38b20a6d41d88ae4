// Random commands against a small model written from the contract alone: plain lists, looked
// through from end to end. The model keeps no indexes and knows nothing of how the catalogue is
// built.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>

#include "system/metadata/catalogue.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

struct ModelQueue {
    uint64_t id;
    std::string name;
    uint32_t group;
    int64_t visibility_ms;
    bool deleting;
};
struct ModelUser {
    std::string name;
    std::vector<std::string> key_ids;
    ActionSet allowed;
};
struct ModelReply {
    ErrorCode error = ErrorCode::ok;
    uint64_t queue = 0;
    bool comes_again = false;  // not remembered with the token
};

constexpr int64_t token_life_ms = 50;
constexpr uint32_t groups = 3;

// One step of the test, as small numbers, so that a failing run shrinks and prints well.
struct Step {
    int what = 0;
    int name = 0;
    int value = 0;
    int seq = 0;  // 0: no token
    int pause_ms = 0;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << "{" << step.what << "," << step.name << "," << step.value << "," << step.seq
               << "," << step.pause_ms << "}";
}

class Model {
public:
    ModelReply apply(const Step& step) {
        if (step.seq == 0) return run(step);
        for (const auto& [seq, reply] : replies) {
            if (seq == step.seq) return reply;
        }
        const ModelReply reply = run(step);
        if (!reply.comes_again) replies.emplace_back(step.seq, reply);
        return reply;
    }

    uint64_t version = 1;
    uint64_t policy_version = 0;
    std::vector<ModelQueue> queues;
    std::vector<ModelUser> users;
    std::vector<std::pair<int, ModelReply>> replies;

private:
    ModelQueue* active(const std::string& name) {
        for (ModelQueue& queue : queues) {
            if (!queue.deleting && queue.name == name) return &queue;
        }
        return nullptr;
    }
    ModelUser* user(const std::string& name) {
        for (ModelUser& candidate : users) {
            if (candidate.name == name) return &candidate;
        }
        return nullptr;
    }
    bool key_exists(const std::string& key_id) const {
        return std::any_of(users.begin(), users.end(), [&](const ModelUser& candidate) {
            return std::count(candidate.key_ids.begin(), candidate.key_ids.end(), key_id) > 0;
        });
    }
    uint32_t emptiest_group() const {
        uint64_t count[groups + 1] = {};
        for (const ModelQueue& queue : queues) {
            if (!queue.deleting) ++count[queue.group];
        }
        uint32_t best = 1;
        for (uint32_t group = 2; group <= groups; ++group) {
            if (count[group] < count[best]) best = group;
        }
        return best;
    }

    ModelReply run(const Step& step);
    ModelReply create_queue(const std::string& name, int64_t visibility_ms);
    ModelReply forget(uint64_t id);
    ModelReply change_user(const Step& step, const std::string& name);
};

ModelReply Model::create_queue(const std::string& name, int64_t visibility_ms) {
    if (const ModelQueue* existing = active(name)) {
        if (existing->visibility_ms == visibility_ms) return {ErrorCode::ok, existing->id};
        return {ErrorCode::queue_already_exists};
    }
    for (const ModelQueue& older : queues) {
        if (older.name == name) return {ErrorCode::ok, older.id, true};
    }
    queues.push_back({++version, name, 0, visibility_ms, true});
    const uint32_t group = emptiest_group();
    queues.back().group = group;
    queues.back().deleting = false;
    return {ErrorCode::ok, version};
}

ModelReply Model::forget(uint64_t id) {
    for (size_t i = 0; i < queues.size(); ++i) {
        if (queues[i].id != id) continue;
        if (!queues[i].deleting) return {ErrorCode::invalid_argument};
        queues.erase(queues.begin() + static_cast<ptrdiff_t>(i));
        ++version;
        return {};
    }
    return {};
}

ModelReply Model::change_user(const Step& step, const std::string& name) {
    ModelUser* found = user(name);
    if (found == nullptr) return {ErrorCode::user_does_not_exist};
    const std::string key_id = "QK" + std::to_string(step.value);
    const ActionSet bit = 1u << static_cast<unsigned>(step.value);
    switch (step.what) {
        case 5:
            users.erase(users.begin() + (found - users.data()));
            policy_version = ++version;
            return {};
        case 6:
            if (key_exists(key_id)) return {ErrorCode::already_exists};
            if (found->key_ids.size() == 2) return {ErrorCode::over_limit};
            found->key_ids.push_back(key_id);
            ++version;
            return {};
        case 7:
            if (std::erase(found->key_ids, key_id) > 0) policy_version = ++version;
            return {};
        case 8:
            if ((found->allowed & bit) == 0) ++version;
            found->allowed |= bit;
            return {};
        default:
            if ((found->allowed & bit) != 0) policy_version = ++version;
            found->allowed &= ~bit;
            return {};
    }
}

ModelReply Model::run(const Step& step) {
    const std::string name = "n" + std::to_string(step.name);
    switch (step.what) {
        case 0:
            return create_queue(name, step.value);
        case 1: {
            ModelQueue* queue = active(name);
            if (queue == nullptr) return {ErrorCode::queue_does_not_exist};
            queue->deleting = true;
            ++version;
            return {ErrorCode::ok, queue->id};
        }
        case 2:
            return forget(static_cast<uint64_t>(step.name * 10 + step.value));
        case 3: {
            ModelQueue* queue = active(name);
            if (queue == nullptr) return {ErrorCode::queue_does_not_exist};
            if (queue->visibility_ms != step.value) ++version;
            queue->visibility_ms = step.value;
            return {ErrorCode::ok, queue->id};
        }
        case 4: {
            const std::string key_id = "QK" + std::to_string(step.value);
            if (user(name) != nullptr) return {ErrorCode::user_already_exists};
            if (key_exists(key_id)) return {ErrorCode::already_exists};
            users.push_back({name, {key_id}, 0});
            ++version;
            return {};
        }
        default:
            return change_user(step, name);
    }
}

decltype(Command::operation) operation_of(const Step& step) {
    const std::string name = "n" + std::to_string(step.name);
    const AccessKey key = make_key("QK" + std::to_string(step.value));
    const Grant grant{Effect::allow, 1u << static_cast<unsigned>(step.value), "p"};
    CreateQueue create = make_queue(name);
    create.attributes.visibility_ms = step.value;
    switch (step.what) {
        case 0:
            return create;
        case 1:
            return DeleteQueue{queue_name(name)};
        case 2:
            return ForgetQueue{QueueId(static_cast<uint64_t>(step.name * 10 + step.value))};
        case 3:
            return SetQueueAttributes{queue_name(name), create.attributes, 1u << 4};
        case 4:
            return CreateUser{name, default_account, key};
        case 5:
            return DeleteUser{name};
        case 6:
            return AddAccessKey{name, key};
        case 7:
            return RemoveAccessKey{name, key.id};
        case 8:
            return AddGrant{name, grant};
        default:
            return RemoveGrant{name, grant};
    }
}

void compare(const Catalogue& catalogue, const Model& model) {
    RC_ASSERT(catalogue.version().value == model.version);
    RC_ASSERT(catalogue.policy_version().value == model.policy_version);
    size_t deleting = 0;
    for (const ModelQueue& queue : model.queues) {
        const QueueRecord* record = catalogue.find_queue(QueueId(queue.id));
        RC_ASSERT(record != nullptr);
        RC_ASSERT(record->name.name == queue.name);
        RC_ASSERT(record->group.value == queue.group);
        RC_ASSERT(record->attributes.visibility_ms == queue.visibility_ms);
        RC_ASSERT((record->state == QueueStateKind::deleting) == queue.deleting);
        RC_ASSERT((queue.deleting || catalogue.find_queue(record->name) == record));
        deleting += queue.deleting ? 1 : 0;
    }
    RC_ASSERT(catalogue.deleting_queues().size() == deleting);
    const size_t listed = catalogue.list_queues(default_account, "", "", 1000).size();
    RC_ASSERT(listed == model.queues.size() - deleting);
    RC_ASSERT(catalogue.user_count() == model.users.size() + 1);
    for (const ModelUser& user : model.users) {
        const UserRecord* record = catalogue.find_user(user.name);
        RC_ASSERT(record != nullptr);
        RC_ASSERT(record->keys.size() == user.key_ids.size());
        for (const std::string& key_id : user.key_ids) {
            RC_ASSERT(catalogue.find_user_by_key(key_id) == record);
        }
        RC_ASSERT((record->grants.empty() ? 0 : record->grants[0].actions) == user.allowed);
    }
}

class ModelRun {
public:
    ModelRun() { RC_ASSERT(apply(make_bootstrap(3, groups), {}).version.value == 1); }

    void step(const Step& step) {
        now_ms_ += step.pause_ms;
        // Tokens run for a fixed time; one that is used again after it is refused in both worlds.
        Token token;
        if (step.seq != 0) {
            token = {
                SessionId(9), static_cast<uint64_t>(step.seq), 0,
                ClusterTime{issued_.try_emplace(step.seq, now_ms_).first->second + token_life_ms}};
        }
        const CatalogueVersion before = catalogue_.version();
        const Reply reply = apply(operation_of(step), token);
        RC_ASSERT(catalogue_.version().value - before.value <= 1);
        RC_ASSERT((!reply.repeated || catalogue_.version() == before));
        const auto* error = std::get_if<Error>(&reply.result);
        if (error != nullptr && error->code == ErrorCode::deadline_exceeded) {
            RC_ASSERT(now_ms_ > token.expires.ms);
        } else {
            const ModelReply expected = model_.apply(step);
            RC_ASSERT((error == nullptr ? ErrorCode::ok : error->code) == expected.error);
            const auto* queue = std::get_if<QueueRecord>(&reply.result);
            RC_ASSERT((queue == nullptr ? 0 : queue->id.value) == expected.queue);
        }
        catalogue_.check_invariants();
        compare(catalogue_, model_);
    }

    void restart() {
        const std::vector<Buffer> chunks = catalogue_.snapshot(100);
        Result<Catalogue> restored = Catalogue::restore(chunks);
        RC_ASSERT(restored.has_value());
        RC_ASSERT(restored->state_hash() == catalogue_.state_hash());
        RC_ASSERT(restored->rolling_hash() == catalogue_.rolling_hash());
        catalogue_ = std::move(*restored);
    }

    uint64_t hash() const { return catalogue_.state_hash(); }

private:
    Reply apply(decltype(Command::operation) operation, Token token) {
        catalogue_.begin_entry(catalogue_.index().next(), ClusterTime{now_ms_});
        return catalogue_.apply(Command{token, UserId(1), std::move(operation)});
    }

    Catalogue catalogue_;
    Model model_;
    std::map<int, int64_t> issued_;
    int64_t now_ms_ = 1000;
};

rc::Gen<Step> any_step() {
    return rc::gen::build<Step>(rc::gen::set(&Step::what, rc::gen::inRange(0, 10)),
                                rc::gen::set(&Step::name, rc::gen::inRange(0, 4)),
                                rc::gen::set(&Step::value, rc::gen::inRange(0, 5)),
                                rc::gen::set(&Step::seq, rc::gen::inRange(0, 12)),
                                rc::gen::set(&Step::pause_ms, rc::gen::inRange(0, 10)));
}

RC_GTEST_PROP(CatalogueModel, behaves_as_the_contract_says, ()) {
    const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
    ModelRun run;
    for (const Step& step : steps)
        run.step(step);
}

RC_GTEST_PROP(CatalogueModel, a_restored_catalogue_goes_on_as_if_nothing_happened, ()) {
    const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
    const auto restart_at = *rc::gen::inRange<size_t>(0, steps.size() + 1);
    ModelRun restarted;
    ModelRun straight;
    for (size_t i = 0; i < steps.size(); ++i) {
        if (i == restart_at) restarted.restart();
        restarted.step(steps[i]);
        straight.step(steps[i]);
    }
    RC_ASSERT(restarted.hash() == straight.hash());
}

}  // namespace
}  // namespace quern::metadata
