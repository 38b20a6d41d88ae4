// A cache between a catalogue that changes and a network that delays: whatever arrives in whatever
// order, the cache never serves a record older than what it has seen, never serves what the watch
// has taken away, and, with the watch caught up and nothing on its way, never serves anything
// wrong.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "system/metadata/cache.h"
#include "system/metadata/catalogue.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

constexpr size_t queues_max = 3;
constexpr int name_count = 6;

struct Answer {
    QueueName name;
    std::optional<QueueRecord> record;
    CatalogueVersion read_at;
};
struct UserAnswer {
    std::string key_id;
    std::optional<UserRecord> record;
    CatalogueVersion read_at;
};

class CacheRun {
public:
    CacheRun() : cache_(MetadataCache::Options{.queues_max = queues_max, .users_max = 2}) {
        apply(make_bootstrap());
        cache_.reset(catalogue_.nodes(), catalogue_.groups(), catalogue_.version(), Instant{0});
    }

    void step(int what, int number) {
        const QueueName name = queue_name("n" + std::to_string(number));
        const std::string user = "u" + std::to_string(number % 2);
        const std::string key_id = "QK" + std::to_string(number);
        switch (what) {
            case 0:
                apply(CreateQueue{name, {}, {}});
                break;
            case 1:
                if (const QueueRecord* queue = catalogue_.find_queue(name)) {
                    const QueueId id = queue->id;
                    apply(DeleteQueue{name});
                    apply(ForgetQueue{id});
                }
                break;
            case 2:
                apply(TagQueue{name, {{"v", std::to_string(catalogue_.version().value)}}, {}});
                break;
            case 3:
                apply(CreateUser{user, default_account, make_key(key_id)});
                break;
            case 4:
                apply(AddAccessKey{user, make_key(key_id)});
                break;
            case 5:
                apply(RemoveAccessKey{user, key_id});
                break;
            case 6:
                apply(DeleteUser{user});
                break;
            case 7:
                ask(name, key_id);
                break;
            case 8:
                answer(static_cast<size_t>(number));
                break;
            case 9:
                watch(static_cast<size_t>(number) + 1);
                break;
            case 10:
                cache_.forget_queue(name);
                break;
            default:
                break;
        }
        check();
    }

    void settle() {
        while (cache_.version() < catalogue_.version())
            watch(3);
        while (!answers_.empty() || !user_answers_.empty())
            answer(0);
        for (int i = 0; i < name_count; ++i) {
            const QueueName name = queue_name("n" + std::to_string(i));
            const QueueRecord* truth = catalogue_.find_queue(name);
            const QueueRecord* record = nullptr;
            const Lookup lookup = cache_.find_queue(name, Instant{0}, &record);
            RC_ASSERT((lookup != Lookup::found || (truth != nullptr && *record == *truth)));
            RC_ASSERT((lookup != Lookup::absent || truth == nullptr));
            check_user("QK" + std::to_string(i), true);
        }
    }

private:
    template <typename Operation>
    void apply(const Operation& operation) {
        catalogue_.begin_entry(catalogue_.index().next(), ClusterTime{});
        catalogue_.apply(Command{{}, UserId(1), operation});
    }

    void ask(const QueueName& name, const std::string& key_id) {
        if (cache_.begin_fetch_queue(name)) {
            const QueueRecord* record = catalogue_.find_queue(name);
            answers_.push_back(
                {name, record ? std::optional(*record) : std::nullopt, catalogue_.version()});
        }
        if (cache_.begin_fetch_user(key_id)) {
            const UserRecord* record = catalogue_.find_user_by_key(key_id);
            user_answers_.push_back(
                {key_id, record ? std::optional(*record) : std::nullopt, catalogue_.version()});
        }
    }

    void answer(size_t position) {
        if (!answers_.empty()) {
            const auto chosen =
                answers_.begin() + static_cast<ptrdiff_t>(position % answers_.size());
            cache_.fetched_queue(chosen->name, chosen->record, chosen->read_at);
            answers_.erase(chosen);
        }
        if (!user_answers_.empty()) {
            const auto chosen =
                user_answers_.begin() + static_cast<ptrdiff_t>(position % user_answers_.size());
            cache_.fetched_user(chosen->key_id, chosen->record, chosen->read_at);
            user_answers_.erase(chosen);
        }
    }

    void watch(size_t count_max) {
        const auto changes = catalogue_.changes_since(cache_.version(), count_max);
        RC_ASSERT(changes.has_value());
        const CatalogueVersion up_to =
            changes->size() < count_max ? catalogue_.version() : changes->back().version;
        cache_.watched(*changes, up_to, Instant{0});
    }

    void check() {
        RC_ASSERT(cache_.queue_count() <= queues_max);
        RC_ASSERT(cache_.user_count() <= 2u);
        for (int i = 0; i < name_count; ++i) {
            const QueueName name = queue_name("n" + std::to_string(i));
            const QueueRecord* record = nullptr;
            if (cache_.find_queue(name, Instant{0}, &record) != Lookup::found) continue;
            RC_ASSERT(record->name == name);
            CatalogueVersion& served = served_[name];
            RC_ASSERT(record->version >= served);
            served = record->version;
            // Nothing the watch has shown may contradict it.
            const QueueRecord* truth = catalogue_.find_queue(name);
            const bool current = truth != nullptr && truth->version == record->version;
            RC_ASSERT((current || cache_.version() < catalogue_.version()));
            const QueueRecord* by_id = nullptr;
            RC_ASSERT(cache_.find_queue(record->id, Instant{0}, &by_id) == Lookup::found);
            RC_ASSERT(by_id == record);
        }
        for (int i = 0; i < name_count; ++i) {
            check_user("QK" + std::to_string(i), cache_.version() == catalogue_.version());
        }
    }

    void check_user(const std::string& key_id, bool caught_up) {
        const UserRecord* truth = catalogue_.find_user_by_key(key_id);
        const UserRecord* record = nullptr;
        const Lookup lookup = cache_.find_user_by_key(key_id, Instant{0}, &record);
        if (!caught_up) return;
        RC_ASSERT((lookup != Lookup::found || (truth != nullptr && *record == *truth)));
        RC_ASSERT((lookup != Lookup::absent || truth == nullptr));
    }

    Catalogue catalogue_;
    MetadataCache cache_;
    std::vector<Answer> answers_;
    std::vector<UserAnswer> user_answers_;
    std::map<QueueName, CatalogueVersion> served_;
};

RC_GTEST_PROP(CacheModel, never_serves_what_it_knows_to_be_old, ()) {
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 11), rc::gen::inRange(0, name_count)));
    CacheRun run;
    for (const auto& [what, number] : steps)
        run.step(what, number);
    run.settle();
}

}  // namespace
}  // namespace quern::metadata
