// Command sluice is the command line of the rules service: it applies streams
// and rules from files, shows and changes what runs, and checks and tests rules
// without a service.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

const description = `Streams and rules of the rules service, from files.

  sluice apply -f plant/                     create or update, all or nothing; shows first what changes
  sluice status --watch                      what runs, and what is wrong
  sluice trial rule.json --data rows.json    run a rule without deploying it
  sluice lint rule.json stream.sql           check files, without a service
  sluice test tests/                         run test cases, without a service

Files are streams as SQL (*.sql); a rule, a list of rules, or a ruleset as JSON or YAML:
{"streams": {name: sql}, "tables": {}, "rules": {id: rule}}. A folder stands for all such files below it, - for the standard input.

Exit codes: 0 done; 1 refused, or something was found; 2 wrong command line or files; 3 no service answers; 4 wrong token.`

// command is the grammar of the command line.
type command struct {
	Server    string `short:"s" env:"SLUICE_SERVER" default:"http://127.0.0.1:59720" help:"Address of the rules API."`
	Token     string `short:"t" env:"SLUICE_TOKEN" help:"Token of the rules API, where it wants one: the content of DataDir/token."`
	TokenFile string `env:"SLUICE_TOKEN_FILE" placeholder:"FILE" help:"File with the token: other users see command lines."`
	Output    string `short:"o" enum:"table,json,yaml" default:"table" help:"Form of what is shown: table, json or yaml."`

	Apply       applyCmd       `cmd:"" group:"Definitions" help:"Create or update the streams and rules of files."`
	Get         getCmd         `cmd:"" group:"Definitions" help:"List streams, tables, rules or connections, or show one."`
	Describe    describeCmd    `cmd:"" group:"Definitions" help:"Show all that is known of a stream, a table or a rule."`
	Delete      deleteCmd      `cmd:"" group:"Definitions" help:"Delete streams, tables, rules or connections."`
	Export      exportCmd      `cmd:"" group:"Definitions" help:"Write definitions, or devices, into a file."`
	Import      importCmd      `cmd:"" group:"Definitions" help:"Take in what was exported, or devices of KubeEdge and Geneva."`
	Start       startCmd       `cmd:"" group:"Operation" help:"Start rules."`
	Stop        stopCmd        `cmd:"" group:"Operation" help:"Stop rules."`
	Restart     restartCmd     `cmd:"" group:"Operation" help:"Stop rules and start them again."`
	Status      statusCmd      `cmd:"" group:"Operation" help:"Show how rules are."`
	Params      paramsCmd      `cmd:"" group:"Operation" help:"Show the parameters of a rule, or set them while it runs."`
	Deadletters deadlettersCmd `cmd:"" group:"Operation" help:"Messages that no attempt brought to their target: list, send again, drop."`
	Device      deviceCmd      `cmd:"" group:"Operation" help:"Devices of a device service: list, read, write, copy, import."`
	Opcua       opcuaCmd       `cmd:"" group:"Operation" help:"Servers of device-opcua: browse them, trust their certificates."`
	Trial       trialCmd       `cmd:"" group:"Trying" help:"Run a rule on given or live data without deploying it."`
	Explain     explainCmd     `cmd:"" group:"Trying" help:"Show the plan of a rule, or of the rules in a file."`
	Lint        lintCmd        `cmd:"" group:"Trying" help:"Check files: SQL, properties of sinks, misspelt keys. Exits with 1 when something is wrong."`
	Test        testCmd        `cmd:"" group:"Trying" help:"Run test cases: rows in, results out. Exits with 1 when one fails."`
	Completion  completionCmd  `cmd:"" group:"This program" help:"Print what makes a shell complete commands and names."`
	Version     versionCmd     `cmd:"" group:"This program" help:"Show the versions of this program and of the service."`
	Help        helpCmd        `cmd:"" group:"This program" help:"Show this help, or that of a command."`

	kuiperWords
	Complete completeCmd `cmd:"" name:"__complete" hidden:""`
}

// token is what was given, or what its file holds.
func (c *command) token() (string, error) {
	if c.Token != "" || c.TokenFile == "" {
		return c.Token, nil
	}
	b, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", usage{fmt.Errorf("token: %w", err)}
	}
	return strings.TrimSpace(string(b)), nil
}

func main() { os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// execute runs a command line and returns the exit code.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
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
	parser, err := newParser(&c, stdout, stderr)
	if err != nil {
		return fail(stderr, usage{err})
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		return fail(stderr, usage{err})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // who interrupts twice does not wait
	s, err := newSession(ctx, &c, stdin, stdout, stderr)
	if err != nil {
		return fail(stderr, err)
	}
	if err := k.Run(s); err != nil {
		return fail(stderr, err)
	}
	return 0
}

func newParser(c *command, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c, kong.Name("sluice"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
}

// fail shows an error and returns its exit code. Who interrupts a command knows
// why it ends.
func fail(stderr io.Writer, err error) int {
	if !errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(stderr, "sluice:", err)
	}
	return exitCode(err)
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
