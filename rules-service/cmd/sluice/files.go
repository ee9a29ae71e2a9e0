package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sluice/rules-service/internal/definition"
)

// standardInput is the name of the file that is read from there.
const standardInput = definition.StandardInput

// byteOrderMark begins texts that some editors write.
const byteOrderMark = "\ufeff"

// readFile is the text of a file, or of the standard input.
func (s *session) readFile(file string) (string, error) {
	var b []byte
	var err error
	if file == standardInput {
		b, err = io.ReadAll(s.in)
	} else {
		b, err = os.ReadFile(file)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(string(b), byteOrderMark), nil
}

// filesOf are the files that the arguments mean, in order: of a folder all
// definitions below it, but not those in hidden folders.
func filesOf(args []string) (files []string, errs []error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == standardInput || err != nil || !info.IsDir() {
			files = append(files, arg) // what is wrong shows when it is read
			continue
		}
		found, err := definitionsIn(arg)
		if err != nil {
			errs = append(errs, err)
		}
		files = append(files, found...)
	}
	return files, errs
}

func definitionsIn(folder string) (found []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case !entry.IsDir() && definition.IsDefinition(path):
			found = append(found, path)
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no definition is in this folder; they are files *.sql, *.json and *.yaml", folder)
	}
	return found, err
}

// readDefinitions reads all files. It goes on after an error, and returns all of
// them.
func (s *session) readDefinitions(args []string) (*definitions, []error) {
	var d definitions
	files, errs := filesOf(args)
	for _, file := range files {
		text, err := s.readFile(file)
		if err == nil {
			err = d.add(file, text)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return &d, append(errs, d.twice()...)
}

// mustRead reads all files, or fails.
func (s *session) mustRead(args []string) (*definitions, error) {
	d, errs := s.readDefinitions(args)
	if len(errs) > 0 {
		return nil, usage{errors.Join(errs...)}
	}
	return d, nil
}
