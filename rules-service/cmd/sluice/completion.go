package main

import (
	"bytes"
	"text/template"
)

// completionCmd prints the script of a shell.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help says where the script belongs.
func (*completionCmd) Help() string {
	return `The script asks this program itself, so it never grows old. Names of rules and streams come from the service.

  bash   source <(sluice completion bash)          in ~/.bashrc
  zsh    source <(sluice completion zsh)           in ~/.zshrc, behind compinit
  fish   sluice completion fish | source           in ~/.config/fish/config.fish`
}

// completionScripts hand the words up to the cursor to "sluice __complete",
// which answers with lines of a word, a tab and a description.
var completionScripts = map[string]string{
	"bash": `_{{.}}() {
  local IFS=$'\n'
  COMPREPLY=($({{.}} __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [ ${#COMPREPLY[@]} -eq 1 ] && [ "${COMPREPLY[0]}" = "<file>" ]; then
    COMPREPLY=()
    compopt -o default
  fi
}
complete -F _{{.}} {{.}}
`,
	"zsh": `_{{.}}() {
  local line
  local -a words_found
  for line in "${(@f)$({{.}} __complete -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    [[ $line == "<file>"* ]] && { _files; return }
    words_found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe '{{.}}' words_found
}
compdef _{{.}} {{.}}
`,
	"fish": `function __{{.}}_complete
  set -l given (commandline -opc)
  set -l found ({{.}} __complete -- $given[2..-1] (commandline -ct) 2>/dev/null)
  if test "$found[1]" = "<file>"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $found
  end
end
complete -c {{.}} -f -a '(__{{.}}_complete)'
`,
}

// Run prints the script.
func (c *completionCmd) Run(s *session) error {
	t, err := template.New(c.Shell).Parse(completionScripts[c.Shell])
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, "sluice"); err != nil {
		return err
	}
	s.printf("%s", b.String())
	return nil
}
