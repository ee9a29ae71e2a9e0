// Command sluice is the command line of the rules service: it applies streams
// and rules from files, shows what runs, and checks and tests rules without a
// service.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

const description = `Streams and rules of the rules service, from files.

  sluice apply -f stream.sql -f rule.json    create or update, in the right order
  sluice status                              what runs, and what is wrong
  sluice lint rule.json stream.sql           check files, without a service
  sluice test tests/                         run test cases, without a service

Files are streams as SQL (*.sql), a rule as JSON, a list of rules, or a ruleset:
{"streams": {name: sql}, "tables": {}, "rules": {id: json}}.`

// command is the grammar of the command line.
type command struct {
	Server string `short:"s" env:"SLUICE_SERVER" default:"http://127.0.0.1:59720" help:"Address of the rules API."`
	Token  string `short:"t" env:"SLUICE_TOKEN" help:"Token of the rules API, where it wants one: the content of DataDir/token."`
	Output string `short:"o" enum:"table,json" default:"table" help:"Form of what is shown: table or json."`

	Apply  applyCmd  `cmd:"" help:"Create or update the streams and rules of files."`
	Get    getCmd    `cmd:"" help:"Show streams or rules."`
	Status statusCmd `cmd:"" help:"Show how rules are."`
	Lint   lintCmd   `cmd:"" help:"Check files: SQL, properties of sinks, misspelt keys. Exits with 1 when something is wrong."`
	Test   testCmd   `cmd:"" help:"Run test cases: rows in, results out. Exits with 1 when one fails."`
	Help   helpCmd   `cmd:"" help:"Show this help, or that of a command."`
}

// session is what commands work with.
type session struct {
	ctx    context.Context
	out    io.Writer
	api    *client
	asJSON bool
}

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs a command line and returns the exit code.
func execute(args []string, stdout, stderr io.Writer) (code int) {
	var c command
	defer func() { // how kong ends after printing help
		if r := recover(); r != nil {
			e, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	parser, err := kong.New(&c, kong.Name("sluice"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "sluice:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "sluice:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &session{ctx: ctx, out: stdout, api: newClient(c.Server, c.Token), asJSON: c.Output == "json"}
	if err := k.Run(s); err != nil {
		_, _ = fmt.Fprintln(stderr, "sluice:", err)
		return exitCode(err)
	}
	return 0
}

// exitCode is 1, unless the error has another one.
func exitCode(err error) int {
	var coder kong.ExitCoder
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return 1
}

// exit carries kong's exit code out of its parser.
type exit int

// helpCmd shows the help of a command.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// Run shows the help.
func (h *helpCmd) Run(k *kong.Kong) error {
	_, err := k.Parse(append(h.Command, "--help"))
	return err
}
