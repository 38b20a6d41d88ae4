// The one place where a request is allowed or refused: finds the asker's user record and the queue, and
// judges the action on the queue's canonical name. Every handler starts with one and acts on what it
// grants.
//
// A refusal is never based on the cache alone: the catalogue is read first, so that a grant or a queue
// made through another balancer is known here at once. An allowance may be up to the cache's lease old;
// storage nodes judge its version (authorised_at).
//
// A queue that does not exist and one that the user may not touch look the same (access_denied), unless
// the user has the permission on the name, or may list queues or administer.
#pragma once

#include <optional>

#include "system/balancer/identity.h"
#include "system/metadata/authorise.h"

namespace quern::balancer {

struct Granted {
    UserId user;
    std::string account;
    CatalogueVersion authorised_at;
    QueueTarget queue;                            // for actions on an existing queue
    std::optional<metadata::QueueRecord> record;  // if it was asked for
};

class Permit {
public:
    struct Ask {
        metadata::Action action = metadata::Action::count;
        bool queue_must_exist = false;
        QueueId queue;     // if given, it decides which queue is meant
        std::string name;  // canonical, or empty
        bool want_record = false;
        bool queue_may_be_absent = false;  // asked for by name: then granted without a record
        Instant deadline;
    };
    using Done = Callback<void(Result<Granted>)>;

    // `identity` must outlive it.
    Permit(const Context& context, Identity& identity) : context_(context), identity_(identity) {}
    ~Permit() { context_.catalogue.cancel(waiter_); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

    // The verdict, if it can be given at once (then `done` is dropped); else `done` gets it from the loop.
    // Errors: unauthenticated, access_denied, queue_does_not_exist, unavailable.
    std::optional<Result<Granted>> ask(Ask ask, Done done);
    // Judges anew on a catalogue read after this call: a node knew better. Always through `done`.
    void ask_again(Done done);

private:
    using Verdict = std::optional<Result<Granted>>;

    Verdict step();
    Verdict judge_queue();
    Granted grant_on(const QueueTarget& target) const;
    Verdict denied();
    Verdict absent();
    bool may(metadata::Action action, std::string_view name) const;
    bool mine(const metadata::QueueRecord& record) const;
    void go_on();
    void user_came(Result<FoundUser> user);
    void queue_came(Result<FoundQueue> queue);
    void refreshed(Result<void> result);
    void fetch_queue();
    void refresh();
    void finish(Result<Granted> verdict);

    const Context& context_;
    Identity& identity_;
    Ask ask_;
    Done done_;
    CatalogueClient::Waiter waiter_;
    std::shared_ptr<const metadata::UserRecord> user_;
    CatalogueVersion user_version_;
    std::optional<FoundQueue> fetched_;
    bool confirmed_ = false;  // judged on a catalogue read after the request came
};

}  // namespace quern::balancer
