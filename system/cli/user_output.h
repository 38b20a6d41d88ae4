// Users and permissions as a person or a script sees them.
#pragma once

#include <string>

#include "system/wire/client_messages.h"

namespace quern::cli {

void print_new_user(const std::string& name, const wire::CreateUserResponse& created, bool json);
void print_users(const wire::ListUsersResponse& list, bool json);
// "send receive …"
std::string all_action_names();

}  // namespace quern::cli
