#include "system/metadata/validate.h"

#include "system/base/limits.h"
#include "system/base/log.h"

namespace quern::metadata {

namespace {

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_queue_name_character(char c) { return is_alphanumeric(c) || c == '-' || c == '_'; }

bool consists_of(std::string_view text, bool (*accepted)(char)) {
    for (const char c : text) {
        if (!accepted(c)) return false;
    }
    return true;
}

bool consists_of(std::string_view text, std::string_view extra) {
    for (const char c : text) {
        if (!is_alphanumeric(c) && extra.find(c) == std::string_view::npos) return false;
    }
    return true;
}

bool has_control_character(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    }
    return false;
}

Failure too_long(ErrorCode code, std::string_view what, size_t limit, size_t actual) {
    return fail(
        Error(code, std::string(what) + " must have 1 to " + std::to_string(limit) + " characters",
              static_cast<int64_t>(limit), static_cast<int64_t>(actual)));
}

Result<void> validate_tag(const std::string& key, const std::string& value) {
    if (key.empty() || key.size() > limits::tag_key_bytes_max) {
        return too_long(ErrorCode::invalid_argument, "a tag key", limits::tag_key_bytes_max,
                        key.size());
    }
    if (value.size() > limits::tag_value_bytes_max) {
        return fail(Error(ErrorCode::invalid_argument,
                          "the value of tag " + printable(key, 128) + " is too long",
                          limits::tag_value_bytes_max, static_cast<int64_t>(value.size())));
    }
    if (has_control_character(key) || has_control_character(value)) {
        return fail(ErrorCode::invalid_argument,
                    "tag " + printable(key, 128) + " contains a control character");
    }
    return {};
}

}  // namespace

Result<void> validate_queue_name(std::string_view name) {
    if (name.empty() || name.size() > limits::queue_name_bytes_max) {
        return too_long(ErrorCode::invalid_name, "a queue name", limits::queue_name_bytes_max,
                        name.size());
    }
    std::string_view stem = name;
    if (stem.ends_with(".fifo")) stem.remove_suffix(5);
    if (stem.empty() || !consists_of(stem, is_queue_name_character)) {
        return fail(ErrorCode::invalid_name, "queue name \"" + printable(name, 80) +
                                                 "\" has a character that is not allowed");
    }
    return {};
}

Result<void> validate_user_name(std::string_view name) {
    if (name.empty() || name.size() > limits::user_name_bytes_max) {
        return too_long(ErrorCode::invalid_name, "a user name", limits::user_name_bytes_max,
                        name.size());
    }
    if (!consists_of(name, "+=,.@_-")) {
        return fail(ErrorCode::invalid_name, "user name \"" + printable(name, 80) +
                                                 "\" has a character that is not allowed");
    }
    return {};
}

Result<void> validate_account(std::string_view account) {
    if (account.size() != 12 || !consists_of(account, is_digit)) {
        return fail(ErrorCode::invalid_argument, "an account has exactly 12 digits");
    }
    return {};
}

Result<void> validate_tags(const std::map<std::string, std::string>& tags) {
    if (tags.size() > limits::tags_max) {
        return fail(Error(ErrorCode::invalid_argument, "a queue has too many tags",
                          limits::tags_max, static_cast<int64_t>(tags.size())));
    }
    for (const auto& [key, value] : tags) {
        if (auto valid = validate_tag(key, value); !valid) return valid;
    }
    return {};
}

Result<void> validate_grant(const Grant& grant) {
    if (grant.effect != Effect::allow && grant.effect != Effect::deny) {
        return fail(ErrorCode::invalid_argument, "a grant either allows or denies");
    }
    if (grant.actions == 0 || (grant.actions & ~all_actions) != 0) {
        return fail(ErrorCode::invalid_argument, "a grant names at least one action, all known");
    }
    if (grant.queue_prefix.size() > limits::queue_name_bytes_max) {
        return fail(Error(ErrorCode::invalid_argument, "the queue prefix of a grant is too long",
                          limits::queue_name_bytes_max,
                          static_cast<int64_t>(grant.queue_prefix.size())));
    }
    if (!consists_of(grant.queue_prefix, "-_.")) {
        return fail(ErrorCode::invalid_argument,
                    "the queue prefix of a grant has a character that is not allowed");
    }
    return {};
}

Result<void> validate_access_key(const AccessKey& key) {
    if (key.id.size() < 3 || key.id.size() > limits::access_key_id_bytes_max ||
        !consists_of(key.id, "_")) {
        return fail(ErrorCode::invalid_argument,
                    "an access key id has 3 to 128 letters, digits or underscores");
    }
    const size_t sealed_bytes = key.secret_sealed.size();
    if (sealed_bytes == 0 || sealed_bytes > limits::secret_sealed_bytes_max) {
        return fail(Error(ErrorCode::invalid_argument, "the sealed secret is missing or too long",
                          limits::secret_sealed_bytes_max, static_cast<int64_t>(sealed_bytes)));
    }
    return {};
}

Result<void> validate_host(std::string_view host) {
    if (host.empty() || host.size() > limits::host_bytes_max) {
        return too_long(ErrorCode::invalid_argument, "a host", limits::host_bytes_max, host.size());
    }
    if (!consists_of(host, ".-_:%[]")) {
        return fail(ErrorCode::invalid_argument, "a host is a name or an address");
    }
    return {};
}

}  // namespace quern::metadata
