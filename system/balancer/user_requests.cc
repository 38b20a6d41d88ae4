#include "system/balancer/user_requests.h"

#include "system/metadata/secret_box.h"
#include "system/metadata/validate.h"

namespace quern::balancer {

namespace {

// After a change of users this balancer follows it before it answers, so that the asker's next request
// is judged by it here.
class UserChange : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;
    ~UserChange() override { context_.catalogue.cancel(refreshing_); }

protected:
    void finish_refreshed(wire::ResponseBody body) {
        body_ = std::move(body);
        refreshing_ = context_.catalogue.refresh(arrived_.deadline, [this](Result<void>) {
            refreshing_ = {};
            wire::Response response = response_now();
            response.body = std::move(body_);
            finish(response);
        });
    }

private:
    CatalogueClient::Waiter refreshing_;
    wire::ResponseBody body_;
};

class CreateUser final : public UserChange {
public:
    using UserChange::UserChange;

    void start() override {
        const auto& create = std::get<wire::CreateUserRequest>(arrived_.request.operation);
        Result<void> valid = metadata::validate_user_name(create.name);
        if (valid && !create.account.empty()) valid = metadata::validate_account(create.account);
        if (!valid) return finish(std::move(valid.error()));
        authorise(Target::none);
    }

private:
    void permitted(Granted granted) override {
        const auto& create = std::get<wire::CreateUserRequest>(arrived_.request.operation);
        const metadata::RandomSource random = [this] { return context_.env.entropy.next(); };
        metadata::GeneratedKey key = metadata::generate_access_key(random);
        Result<Buffer> sealed =
            metadata::seal_secret(context_.options.key_encryption_key,
                                  metadata::generate_nonce(random), key.id, key.secret);
        metadata::wipe(key.secret);
        if (!sealed) return finish(std::move(sealed.error()));
        change(metadata::CreateUser{create.name,
                                    create.account.empty() ? granted.account : create.account,
                                    metadata::AccessKey{key.id, std::move(*sealed)}});
    }
    // The key is read from the record: a repeated request gets the key that the first one made.
    void changed(const metadata::Reply& reply) override {
        const auto* record = std::get_if<metadata::UserRecord>(&reply.result);
        if (record == nullptr || record->keys.empty()) {
            return finish(Error(ErrorCode::outcome_unknown,
                                "the user was made, but the answer has no access key in it"));
        }
        const metadata::AccessKey& key = record->keys.front();
        Result<std::string> secret = metadata::unseal_secret(context_.options.key_encryption_key,
                                                             key.id, key.secret_sealed.span());
        if (!secret) {
            return finish(Error(ErrorCode::outcome_unknown,
                                "the user was made, but its secret cannot be read here: " +
                                    secret.error().detail));
        }
        finish_refreshed(wire::CreateUserResponse{key.id, std::move(*secret)});
    }
};

class DeleteUser final : public UserChange {
public:
    using UserChange::UserChange;
    void start() override { authorise(Target::none); }

private:
    void permitted(Granted) override {
        change(metadata::DeleteUser{
            std::get<wire::DeleteUserRequest>(arrived_.request.operation).name});
    }
    void changed(const metadata::Reply&) override { finish_refreshed(wire::OkResponse{}); }
};

class GrantOrRevoke final : public UserChange {
public:
    using UserChange::UserChange;

    void start() override {
        const auto& request = std::get<wire::GrantRequest>(arrived_.request.operation);
        Result<void> valid = metadata::validate_grant(request.grant);
        if (!valid) return finish(std::move(valid.error()));
        authorise(Target::none);
    }

private:
    void permitted(Granted) override {
        const auto& request = std::get<wire::GrantRequest>(arrived_.request.operation);
        if (request.revoke) return change(metadata::RemoveGrant{request.user, request.grant});
        change(metadata::AddGrant{request.user, request.grant});
    }
    void changed(const metadata::Reply&) override { finish_refreshed(wire::OkResponse{}); }
};

class ListUsers final : public CatalogueRequest {
public:
    using CatalogueRequest::CatalogueRequest;
    void start() override { authorise(Target::none); }

private:
    void permitted(Granted) override {
        const auto& list = std::get<wire::ListUsersRequest>(arrived_.request.operation);
        if (list.count_max == 0 || list.count_max > limits::listed_users_max) {
            return finish(Error(ErrorCode::invalid_argument,
                                "the number of users on a page is not allowed",
                                limits::listed_users_max, list.count_max));
        }
        ask_catalogue(wire::ListUsers{list.after, list.count_max});
    }
    void catalogue_said(const wire::QueryReply& reply) override {
        wire::ListUsersResponse list;
        if (const auto* answer = std::get_if<wire::UserListAnswer>(&reply.answer)) {
            for (const metadata::UserRecord& record : answer->records) {
                wire::ListUsersResponse::User user{record.name, record.account, {}, record.grants};
                for (const metadata::AccessKey& key : record.keys) user.key_ids.push_back(key.id);
                list.users.push_back(std::move(user));
            }
            list.more = answer->more;
        }
        wire::Response response = response_now();
        response.body = std::move(list);
        finish(response);
    }
};

}  // namespace

std::unique_ptr<ActiveRequest> make_user_request(const Context& context, AnswerSink& sink,
                                                 Identity& identity, Arrived arrived) {
    const wire::Operation& operation = arrived.request.operation;
    if (std::holds_alternative<wire::CreateUserRequest>(operation)) {
        return std::make_unique<CreateUser>(context, sink, identity, std::move(arrived));
    }
    if (std::holds_alternative<wire::DeleteUserRequest>(operation)) {
        return std::make_unique<DeleteUser>(context, sink, identity, std::move(arrived));
    }
    if (std::holds_alternative<wire::GrantRequest>(operation)) {
        return std::make_unique<GrantOrRevoke>(context, sink, identity, std::move(arrived));
    }
    QUERN_ASSERT(std::holds_alternative<wire::ListUsersRequest>(operation));
    return std::make_unique<ListUsers>(context, sink, identity, std::move(arrived));
}

}  // namespace quern::balancer
