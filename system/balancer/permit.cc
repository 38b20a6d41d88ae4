#include "system/balancer/permit.h"

#include "system/base/log.h"
#include "system/base/planted_bug.h"

namespace quern::balancer {

using metadata::Action;
using metadata::Lookup;

std::optional<Result<Granted>> Permit::ask(Ask ask, Done done) {
    ask_ = std::move(ask);
    user_.reset();
    fetched_.reset();
    confirmed_ = false;
    Verdict verdict = step();
    if (!verdict) done_ = std::move(done);
    return verdict;
}

void Permit::ask_again(Done done) {
    done_ = std::move(done);
    user_.reset();
    fetched_.reset();
    identity_.forget();
    refresh();
}

Permit::Verdict Permit::step() {
    if (user_ == nullptr) {
        const Lookup lookup = identity_.look_up(context_.catalogue, context_.env.clock.now());
        if (lookup == Lookup::unknown) {
            waiter_ = context_.catalogue.fetch_user(
                identity_.key_id(), ask_.deadline,
                [this](Result<FoundUser> user) { user_came(std::move(user)); });
            return std::nullopt;
        }
        if (lookup == Lookup::absent) {
            return fail(ErrorCode::unauthenticated, "the access key exists no more");
        }
        user_ = identity_.user();
        user_version_ = identity_.version();
    }
    if (ask_.queue_must_exist) return judge_queue();
    if (!may(ask_.action, ask_.name)) return denied();
    return grant_on({});
}

Permit::Verdict Permit::judge_queue() {
    const bool cached_user = user_ == identity_.user();
    if (ask_.queue && cached_user && !ask_.want_record) {
        const QueueTarget* target = identity_.recall(ask_.queue, ask_.action);
        if (target != nullptr) return grant_on(*target);
    }
    if (!ask_.queue && !may(ask_.action, ask_.name)) return denied();
    const metadata::QueueRecord* record = nullptr;
    if (fetched_) {
        if (!fetched_->record) {
            if (ask_.queue_may_be_absent && !ask_.queue) return grant_on({});
            return absent();
        }
        record = &*fetched_->record;
    } else if (ask_.queue) {
        if (context_.catalogue.dead(ask_.queue)) return absent();
        context_.catalogue.cache().find_queue(ask_.queue, context_.env.clock.now(), &record);
        // The cache's record of that name may be of another incarnation by now.
        if (record != nullptr && record->id != ask_.queue) record = nullptr;
    } else {
        context_.catalogue.cache().find_queue({user_->account, ask_.name},
                                              context_.env.clock.now(), &record);
    }
    if (record != nullptr && !fetched_ && context_.env.faults.fire(FaultPoint::cache_forgotten)) {
        const metadata::QueueName name = record->name;
        context_.catalogue.forget_queue(name);
        record = nullptr;
    }
    if (record == nullptr) {
        fetch_queue();
        return std::nullopt;
    }
    if (!mine(*record)) return absent();
    if (!may(ask_.action, record->name.name)) return denied();
    const CatalogueVersion seen_at =
        fetched_ ? fetched_->version : context_.catalogue.cache().version();
    const QueueTarget target{record->id, record->group, record->version, seen_at, record->attributes};
    if (cached_user && !fetched_) identity_.remember(target, ask_.action);
    Granted granted = grant_on(target);
    if (ask_.want_record) granted.record = *record;
    return granted;
}

Granted Permit::grant_on(const QueueTarget& target) const {
    Granted granted;
    granted.user = user_->id;
    granted.account = user_->account;
    granted.authorised_at = user_version_;
    granted.queue = target;
    return granted;
}

Permit::Verdict Permit::denied() {
    if (!confirmed_ && !PLANTED(refusal_from_cache)) {
        refresh();
        return std::nullopt;
    }
    return fail(ErrorCode::access_denied,
                "user " + user_->name + " may not " + std::string(metadata::action_name(ask_.action)) +
                    (ask_.name.empty() ? "" : " on queue " + printable(ask_.name)));
}

// The catalogue was read: there is no such queue (in the user's account).
Permit::Verdict Permit::absent() {
    if (!may(ask_.action, ask_.name) && !may(Action::list_queues, "") &&
        !may(Action::administer, "")) {
        return denied();
    }
    return fail(ErrorCode::queue_does_not_exist,
                ask_.name.empty() ? "no queue has the id " + std::to_string(ask_.queue.value)
                                  : "there is no queue " + printable(ask_.name) +
                                        (ask_.queue ? " of this id; it was deleted" : ""));
}

bool Permit::may(Action action, std::string_view name) const {
    return metadata::allowed(*user_, action, name);
}

bool Permit::mine(const metadata::QueueRecord& record) const {
    return record.name.account == user_->account;
}

void Permit::fetch_queue() {
    auto done = [this](Result<FoundQueue> queue) { queue_came(std::move(queue)); };
    waiter_ = ask_.queue ? context_.catalogue.fetch_queue(ask_.queue, ask_.deadline, done)
                         : context_.catalogue.fetch_queue({user_->account, ask_.name},
                                                          ask_.deadline, done);
}

void Permit::refresh() {
    waiter_ = context_.catalogue.refresh(ask_.deadline,
                                         [this](Result<void> result) { refreshed(std::move(result)); });
}

void Permit::user_came(Result<FoundUser> user) {
    if (!user) return finish(fail(std::move(user.error())));
    if (!user->record) {
        return finish(fail(ErrorCode::unauthenticated, "the access key exists no more"));
    }
    user_ = std::make_shared<const metadata::UserRecord>(std::move(*user->record));
    user_version_ = user->version;
    confirmed_ = true;
    go_on();
}

void Permit::queue_came(Result<FoundQueue> queue) {
    if (!queue) return finish(fail(std::move(queue.error())));
    fetched_ = std::move(*queue);
    go_on();
}

void Permit::refreshed(Result<void> result) {
    if (!result) return finish(fail(std::move(result.error())));
    confirmed_ = true;
    user_.reset();
    go_on();
}

void Permit::go_on() {
    waiter_ = {};
    Verdict verdict = step();
    if (verdict) finish(std::move(*verdict));
}

void Permit::finish(Result<Granted> verdict) {
    waiter_ = {};
    Done done = std::move(done_);
    done(std::move(verdict));
}

}  // namespace quern::balancer
