// What requests on the catalogue have in common: a permit, one question or command to the metadata
// group, and where a queue is concerned one command to its group. Subclasses say what comes next.
#pragma once

#include "system/balancer/active_request.h"
#include "system/balancer/permit.h"

namespace quern::balancer {

class CatalogueRequest : public ActiveRequest {
public:
    CatalogueRequest(const Context& context, AnswerSink& sink, Identity& identity, Arrived arrived);

protected:
    static constexpr unsigned mends_max = 4;
    using Change = decltype(metadata::Command::operation);

    // Asks for the permission that the operation needs, on `queue_name` (empty: on no queue). On an
    // existing queue the record is looked up first. → permitted(), or answered with the refusal. It
    // comes again if the catalogue knew better than the permit.
    enum class Target : uint8_t { none, name, existing_queue };
    void authorise(Target target);
    virtual void permitted(Granted granted) = 0;

    // → catalogue_said(), or answered with the error.
    void ask_catalogue(wire::Query query, GroupId group = metadata_group);
    virtual void catalogue_said(const wire::QueryReply& reply);
    // A command with the client's token; sent again after a lost answer only with one. → changed(), or
    // answered with the error, also with one that the catalogue's state machine gave. After
    // stale_catalogue the permission is asked for anew, at most mends_max times.
    void change(Change operation);
    virtual void changed(const metadata::Reply& reply);
    // The last change was not remembered with its token, and comes again later: a copy of it that was not
    // answered may still be carried out.
    void change_comes_again() { in_doubt_ |= call_.ambiguous(); }
    // Answers with the error, or with an unknown outcome where an earlier attempt may have been carried out.
    void change_failed(Error error);
    // A command to the queue's group, which is idempotent. `seen_at`: the catalogue version at which the
    // record was the newest. → group_said(), with code ok when it is done.
    void tell_group(const metadata::QueueRecord& record, CatalogueVersion seen_at,
                    wire::ForwardHeader::Kind kind);
    virtual void group_said(const Error& error);

    const Granted& granted() const { return granted_; }
    // A response with the position of the catalogue's last answer.
    wire::Response response_now() const;

    // `call` is free for requests of the subclass between those above.
    GroupCall call_;

private:
    void permit_came(Result<Granted> granted);
    void reply_came(Result<GroupReply> result);
    void change_came(Result<GroupReply> result);
    void group_came(Result<GroupReply> result);
    void ask_permit_again(const Error& cause);

    Permit permit_;
    Granted granted_;
    ClusterTime time_;
    unsigned mends_ = 0;
    bool in_doubt_ = false;
};

}  // namespace quern::balancer
