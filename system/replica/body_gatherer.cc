#include "system/replica/body_gatherer.h"

#include <memory>

namespace quern::replica {

namespace {

struct Gathering {
    std::vector<Result<Buffer>> bodies;
    size_t missing = 0;
    Callback<void(std::vector<Result<Buffer>>)> done;
};

}  // namespace

void gather_bodies(storage::NodeStorage& storage, GroupId group, const std::vector<BodyRef>& bodies,
                   Callback<void(std::vector<Result<Buffer>>)> done) {
    std::vector<Result<Buffer>> found(bodies.size(), Result<Buffer>(Buffer()));
    std::vector<size_t> missing;
    for (size_t i = 0; i < bodies.size(); ++i) {
        if (bodies[i].size_bytes == 0) continue;
        if (std::optional<Buffer> cached = storage.body_cached(group, bodies[i])) {
            found[i] = std::move(*cached);
        } else {
            missing.push_back(i);
        }
    }
    if (missing.empty()) return done(std::move(found));
    auto gathering = std::make_shared<Gathering>();
    gathering->bodies = std::move(found);
    gathering->missing = missing.size();
    gathering->done = std::move(done);
    for (size_t i : missing) {
        storage.read_body(group, bodies[i], [gathering, i](Result<Buffer> body) {
            gathering->bodies[i] = std::move(body);
            if (--gathering->missing == 0) gathering->done(std::move(gathering->bodies));
        });
    }
}

}  // namespace quern::replica
