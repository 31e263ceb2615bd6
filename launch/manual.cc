#include "launch/manual.h"

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"

namespace gigahop::launch {
namespace {

namespace fs = std::filesystem;

/// Text that troff prints as it is.
std::string escaped(std::string_view text) {
  std::string roff;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) roff += "\\&";
    if (c == '-') roff += '\\';
    roff += c == '\\' ? std::string("\\e") : std::string(1, c);
    at_line_start = c == '\n';
  }
  return roff;
}

/// A description is a paragraph, then perhaps a line "Example:" or "Examples:" and commands, one a line.
struct Description {
  std::string text;
  std::string examples;
};

Description split(const std::string& description) {
  const size_t begin = description.find("\nExample");
  if (begin == std::string::npos) return {.text = description, .examples = {}};
  const size_t commands = description.find('\n', begin + 1);
  return {.text = description.substr(0, begin),
          .examples = commands == std::string::npos ? "" : description.substr(commands + 1)};
}

std::string first_sentence(const std::string& text) {
  return text.substr(0, text.find_first_of(".:\n"));
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

/// Those that help shows.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

std::string title(const std::string& page, const std::string& summary) {
  std::string upper = page;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH {} 1 \"\" \"gigahop {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n", upper, GIGAHOP_VERSION,
                     escaped(page), escaped(summary));
}

std::string option_entry(const CLI::Option& option) {
  const bool is_positional = option.get_positional();
  std::string entry =
      ".TP\n\\fB" + escaped(is_positional ? option.get_name(true) : option.get_name(false, true)) + "\\fR";
  if (!is_positional && option.get_items_expected_max() > 0)
    entry += " \\fI" + escaped(option.get_type_name()) + "\\fR";
  return entry + "\n" + escaped(option.get_description()) + "\n";
}

std::string synopsis(const CLI::App& command) {
  std::string words = fmt::format(".SH SYNOPSIS\n.B gigahop {}\n", command.get_name());
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_positional()) words += fmt::format(".I {}\n", escaped(option->get_name(true)));
  }
  return words + ".RI [ OPTIONS ]\n";
}

std::string command_page(const CLI::App& command) {
  const Description description = split(command.get_description());
  std::string page = title("gigahop-" + command.get_name(), first_sentence(description.text)) + synopsis(command);
  page += ".SH DESCRIPTION\n" + escaped(description.text) + "\n.SH OPTIONS\n";
  for (const CLI::Option* option : options_of(command)) page += option_entry(*option);
  if (!description.examples.empty()) page += ".SH EXAMPLES\n.nf\n" + escaped(description.examples) + "\n.fi\n";
  return page + ".SH SEE ALSO\n.BR gigahop (1)\n";
}

std::string overview_page(const CLI::App& app) {
  std::string page = title("gigahop", "train graph transformers on graphs that do not fit in one machine");
  page += ".SH SYNOPSIS\n.B gigahop\n.I COMMAND\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n" + escaped(app.get_description());
  page += "\n.SH COMMANDS\n";
  for (const CLI::App* command : commands_of(app)) {
    page += fmt::format(".TP\n.BR gigahop\\-{} (1)\n{}\n", command->get_name(),
                        escaped(first_sentence(split(command->get_description()).text)));
  }
  return page;
}

std::string completion(const CLI::App& app) {
  std::vector<std::string> names;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    names.push_back(command->get_name());
    std::vector<std::string> flags;
    for (const CLI::Option* option : options_of(*command)) {
      for (const std::string& flag : option->get_lnames()) flags.push_back("--" + flag);
    }
    cases += fmt::format("    {}) options=\"{}\" ;;\n", command->get_name(), fmt::join(flags, " "));
  }
  return fmt::format(R"(_gigahop() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=""
  case ${{COMP_WORDS[1]}} in
{}  esac
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "{} --help --version" -- "$word")
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -o filenames -F _gigahop gigahop
)",
                     cases, fmt::join(names, " "));
}

}  // namespace

void write_manual(const CLI::App& app, const fs::path& folder) {
  const fs::path pages = folder / "man1";
  make_folders(pages);
  write_text_file(pages / "gigahop.1", overview_page(app));
  for (const CLI::App* command : commands_of(app)) {
    write_text_file(pages / fmt::format("gigahop-{}.1", command->get_name()), command_page(*command));
  }
  write_text_file(folder / "gigahop.bash", completion(app));
}

}  // namespace gigahop::launch
