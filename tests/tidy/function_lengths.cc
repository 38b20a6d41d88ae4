#include "tests/tidy/shape_rules.h"
#include "tests/tidy/source_text.h"

namespace quern::tidy {

namespace {

enum class Kind { scope, function, other };

struct Block {
    Kind kind;
    size_t line;
    std::string head;  // what stood before the brace
};

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

// The last name before the first parenthesis that follows one: "Foo::bar" of "int Foo::bar(int x)".
std::string name_of(std::string_view head) {
    std::string_view before = trimmed(head.substr(0, head.find('(')));
    const size_t start = before.find_last_of(" \n*&");
    if (start != std::string_view::npos) before.remove_prefix(start + 1);
    return std::string(before);
}

// "class X", "template <typename T> struct Y<T(int)>", "inline namespace".
bool opens_scope(std::string_view head) {
    head = trimmed(head);
    if (head.starts_with("template")) {
        int depth = 0;
        size_t at = head.find('<');
        for (; at < head.size(); ++at) {
            if (head[at] == '<') ++depth;
            if (head[at] == '>' && --depth == 0) break;
        }
        head = at < head.size() ? trimmed(head.substr(at + 1)) : head;
    }
    for (const std::string_view word :
         {"namespace", "inline namespace", "class", "struct", "union", "enum"}) {
        if (head.starts_with(word) && (head.size() == word.size() || is_space(head[word.size()]))) {
            return true;
        }
    }
    return false;
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : code_(strip_comments_and_literals(text)) {}

    std::vector<FunctionLength> run() {
        bool preprocessor = false;
        for (size_t i = 0; i < code_.size(); ++i) {
            const char c = code_[i];
            if (c == '#' && (i == 0 || code_[i - 1] == '\n')) preprocessor = true;
            if (c == '\n') {
                ++line_;
                if (i == 0 || code_[i - 1] != '\\') preprocessor = false;
            }
            if (preprocessor) continue;
            step(c);
        }
        return std::move(found_);
    }

private:
    void step(char c) {
        if (c == '{') {
            open();
        } else if (c == '}') {
            close();
        } else if (c == ';' && parentheses_ == 0) {
            head_.clear();
        } else if (!head_.empty() || !is_space(c)) {
            if (head_.empty()) head_line_ = line_;
            if (c == '(') ++parentheses_;
            if (c == ')') --parentheses_;
            head_ += c;
            // "public:" and its like belong to no head.
            if (c == ':' && (head_ == "public:" || head_ == "private:" || head_ == "protected:")) {
                head_.clear();
            }
        }
    }

    Kind kind_of_block() const {
        const bool inside = !blocks_.empty() && blocks_.back().kind != Kind::scope;
        if (inside || parentheses_ > 0) return Kind::other;
        if (!head_.empty() && !is_space(head_.back())) return Kind::other;  // a braced initialiser
        if (opens_scope(head_)) return Kind::scope;
        if (head_.find('(') != std::string::npos) return Kind::function;
        return head_.starts_with("extern") ? Kind::scope : Kind::other;
    }

    void open() {
        const Kind kind = kind_of_block();
        const size_t line = head_.empty() ? line_ : head_line_;
        blocks_.push_back({kind, line, head_});
        saved_.push_back(parentheses_);
        parentheses_ = 0;
        head_.clear();
    }

    void close() {
        if (blocks_.empty()) return;
        const Block block = std::move(blocks_.back());
        blocks_.pop_back();
        parentheses_ = saved_.back();
        saved_.pop_back();
        head_.clear();
        if (block.kind == Kind::function) {
            found_.push_back({name_of(block.head), block.line, line_ - block.line + 1});
        } else if (block.kind == Kind::other &&
                   (blocks_.empty() || blocks_.back().kind == Kind::scope)) {
            head_ = block.head + "{}";
            head_line_ = block.line;
        }
    }

    std::string code_;
    size_t line_ = 1;
    int parentheses_ = 0;
    std::string head_;
    size_t head_line_ = 1;
    std::vector<Block> blocks_;
    std::vector<int> saved_;
    std::vector<FunctionLength> found_;
};

}  // namespace

std::vector<FunctionLength> measure_functions(std::string_view text) { return Scanner(text).run(); }

}  // namespace quern::tidy
