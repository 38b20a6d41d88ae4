// Writes the history as clients act, and the story of the run for people.
#pragma once

#include "harness/history.h"
#include "harness/scene.h"
#include "system/base/callback.h"
#include "system/wire/client_messages.h"

namespace quern::harness {

class Recorder {
public:
    explicit Recorder(Scene& scene) : scene_(scene) {}

    // The operation is asked now; returns its place.
    size_t invoke(Operation operation);
    // It was answered now.
    const Operation& complete(size_t index, const Result<wire::Response>& response);

    // Both are told of each operation, when it is asked and when it is answered; null or both.
    using Watch = Callback<void(const Operation&)>;
    void watch(Watch* asked, Watch* answered) {
        asked_ = asked;
        answered_ = answered;
    }

    // Operations that are not answered yet.
    size_t open_count() const { return open_; }
    const History& history() const { return history_; }
    History& history() { return history_; }
    // One line of the story; the caller asks telling() before it builds `text`.
    bool telling() const { return scene_.telling(); }
    void tell(std::string_view who, std::string_view what, std::string_view text) {
        scene_.tell(who, what, text);
    }

private:
    Scene& scene_;
    History history_;
    size_t open_ = 0;
    Watch* asked_ = nullptr;
    Watch* answered_ = nullptr;
};

}  // namespace quern::harness
