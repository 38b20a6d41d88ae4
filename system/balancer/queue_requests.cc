#include "system/balancer/queue_requests.h"

#include "system/base/planted_bug.h"
#include "system/metadata/validate.h"

namespace quern::balancer {

namespace {

using Kind = wire::ForwardHeader::Kind;

// The record of a change's reply; null if the catalogue answered with something else.
const metadata::QueueRecord* record_of(const metadata::Reply& reply) {
    return std::get_if<metadata::QueueRecord>(&reply.result);
}

// A repeated reply shows the record as it was then.
CatalogueVersion seen_at(const metadata::Reply& reply) {
    return reply.repeated ? record_of(reply)->version : reply.version;
}

Error foreign_reply() {
    return Error(ErrorCode::outcome_unknown, "the metadata group's answer has no queue in it");
}

class QueueChange : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;

protected:
    // Starts with the permission on the queue that the request names.
    void authorise_queue(Target target) {
        const wire::Request& request = arrived_.request;
        if (!request.queue) {
            Result<void> valid = metadata::validate_queue_name(request.queue_name);
            if (!valid) return finish(std::move(valid.error()));
        }
        authorise(target);
    }
    // A queue given by id is changed under its own name, whatever the request calls it.
    metadata::QueueName name() const {
        if (granted().record) return granted().record->name;
        return {granted().account, arrived_.request.queue_name};
    }
    // The one that the permission is for; 0 if there was none of that name.
    QueueId incarnation() const { return granted().record ? granted().record->id : QueueId{}; }
    // Clears up after a drop. `then` runs whether this succeeds or not: the janitor does it otherwise.
    void forget_queue(QueueId queue, Callback<void()> then) {
        metadata::Command command;
        command.principal = granted().user;
        command.operation = metadata::ForgetQueue{queue};
        GroupCall::Options options;
        options.group = metadata_group;
        options.deadline = arrived_.deadline;
        options.mutates = true;
        call_.query(options, wire::Change{std::move(command)},
                    [then = std::move(then)](Result<GroupReply>) mutable { then(); });
    }
    void finish_with(const metadata::QueueRecord& record) {
        wire::Response response = response_now();
        response.queue = record.id;
        response.group = record.group;
        response.body = wire::QueueResponse{record};
        finish(response);
    }
};

class CreateQueue final : public QueueChange {
public:
    using QueueChange::QueueChange;

    void start() override {
        const auto& create = std::get<wire::CreateQueueRequest>(arrived_.request.operation);
        arrived_.request.queue = QueueId{};
        Result<void> valid = metadata::validate_attributes(create.attributes);
        if (valid) valid = metadata::validate_tags(create.tags);
        if (!valid) return finish(std::move(valid.error()));
        authorise_queue(Target::name);
    }

private:
    void permitted(Granted) override { create(); }
    void create() {
        const auto& create = std::get<wire::CreateQueueRequest>(arrived_.request.operation);
        change(metadata::CreateQueue{name(), create.attributes, create.tags});
    }
    void changed(const metadata::Reply& reply) override {
        if (record_of(reply) == nullptr) return finish(foreign_reply());
        record_ = *record_of(reply);
        if (record_.state == metadata::QueueStateKind::deleting) {
            change_comes_again();
            return tell_group(record_, seen_at(reply), Kind::drop_queue);
        }
        // A repeated reply may be of a queue that is long deleted.
        if (!reply.repeated) context_.catalogue.learned_queue(record_, reply.version);
        tell_group(record_, seen_at(reply), Kind::ensure_queue);
    }
    void group_said(const Error& error) override {
        if (record_.state == metadata::QueueStateKind::active) return finish_with(record_);
        if (error.code == ErrorCode::ok && ++drops_ <= mends_max) {
            return forget_queue(record_.id, [this] { create(); });
        }
        change_failed(Error(ErrorCode::unavailable,
                            "the deleted queue of this name is still in the way: " + error.detail));
    }

    metadata::QueueRecord record_;  // of an older queue of the name while that is dropped
    unsigned drops_ = 0;
};

class SetAttributes final : public QueueChange {
public:
    using QueueChange::QueueChange;
    void start() override { authorise_queue(Target::existing_queue); }

private:
    void permitted(Granted) override {
        const auto& set = std::get<wire::SetAttributesRequest>(arrived_.request.operation);
        change(metadata::SetQueueAttributes{name(), set.attributes, set.mask, incarnation()});
    }
    void changed(const metadata::Reply& reply) override {
        if (record_of(reply) == nullptr) return finish(foreign_reply());
        record_ = *record_of(reply);
        if (!reply.repeated) context_.catalogue.learned_queue(record_, reply.version);
        tell_group(record_, seen_at(reply), Kind::ensure_queue);
    }
    // The group may know even newer attributes.
    void group_said(const Error& error) override {
        if (error.code == ErrorCode::ok || error.code == ErrorCode::stale_catalogue) {
            return finish_with(record_);
        }
        finish(Error(ErrorCode::outcome_unknown,
                     "the attributes are changed, but the queue's group has not confirmed that it "
                     "uses them: " +
                         error.detail));
    }

    metadata::QueueRecord record_;
};

class DeleteQueue final : public QueueChange {
public:
    using QueueChange::QueueChange;
    void start() override { authorise_queue(Target::existing_queue); }

private:
    void permitted(Granted) override { change(metadata::DeleteQueue{name(), incarnation()}); }

    void changed(const metadata::Reply& reply) override {
        if (record_of(reply) == nullptr) return finish(foreign_reply());
        record_ = *record_of(reply);
        if (!reply.repeated) context_.catalogue.learned_deletion(record_, reply.version);
        if (PLANTED(deletion_answered_early)) return finish_with(record_);
        tell_group(record_, seen_at(reply), Kind::drop_queue);
    }
    void group_said(const Error& error) override {
        if (error.code != ErrorCode::ok) {
            return finish(Error(ErrorCode::outcome_unknown,
                                "nobody finds the queue any more, but its group has not confirmed that "
                                "its messages are dropped: " +
                                    error.detail));
        }
        forget_queue(record_.id, [this] { finish_with(record_); });
    }

    metadata::QueueRecord record_;
};

class ListQueues final : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;
    void start() override { authorise(Target::none); }

private:
    void permitted(Granted granted) override {
        const auto& list = std::get<wire::ListQueuesRequest>(arrived_.request.operation);
        if (list.count_max == 0 || list.count_max > limits::listed_queues_max) {
            return finish(Error(ErrorCode::invalid_argument,
                                "the number of queues on a page is not allowed",
                                limits::listed_queues_max, list.count_max));
        }
        ask_catalogue(wire::ListQueues{granted.account, list.prefix, list.after, list.count_max});
    }
    void catalogue_said(const wire::QueryReply& reply) override {
        wire::ListQueuesResponse list;
        list.version = reply.version;
        if (const auto* answer = std::get_if<wire::QueueListAnswer>(&reply.answer)) {
            for (const auto& record : answer->records) list.names.push_back(record.name.name);
            list.more = answer->more;
        }
        wire::Response response = response_now();
        response.body = std::move(list);
        finish(response);
    }
};

}  // namespace

std::unique_ptr<ActiveRequest> make_queue_request(const Context& context, AnswerSink& sink,
                                                  Identity& identity, Arrived arrived) {
    const wire::Operation& operation = arrived.request.operation;
    if (std::holds_alternative<wire::CreateQueueRequest>(operation)) {
        return std::make_unique<CreateQueue>(context, sink, identity, std::move(arrived));
    }
    if (std::holds_alternative<wire::DeleteQueueRequest>(operation)) {
        return std::make_unique<DeleteQueue>(context, sink, identity, std::move(arrived));
    }
    if (std::holds_alternative<wire::SetAttributesRequest>(operation)) {
        return std::make_unique<SetAttributes>(context, sink, identity, std::move(arrived));
    }
    QUERN_ASSERT(std::holds_alternative<wire::ListQueuesRequest>(operation));
    return std::make_unique<ListQueues>(context, sink, identity, std::move(arrived));
}

}  // namespace quern::balancer
