// `quern-sim mutants`: hunts planted bugs. The program without them hands over to the one with them, which
// stands beside it.
#pragma once

#include <string>
#include <vector>

#include "harness/mutants.h"

namespace CLI {
class App;
}

namespace quern::harness {

class MutantsCommand {
public:
    explicit MutantsCommand(CLI::App& app);
    bool parsed() const;
    // The exit status: 0 if every bug was caught in every campaign.
    int run(char** argv);

private:
    CLI::App* command_;
    MutantOptions options_;
    std::vector<std::string> names_;
    std::string into_;
    bool json_ = false;
    bool markdown_ = false;
    bool list_ = false;
};

// Plants the bug of that name; false, after a sentence on stderr, if that cannot be.
bool plant_named(const std::string& name);

}  // namespace quern::harness
