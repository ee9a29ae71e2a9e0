package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The names of the ruleset that is imported at the start, and of the file that
// remembers it: its time of change in milliseconds stands behind.
const (
	initialFile = "init.json"
	initialMark = "initialized"
)

// ImportInitial imports the ruleset init.json in the data folder, or else in
// EtcDir, unless that was done since it has changed. It is called before rules
// start or after; what is wrong in it is logged and left out.
func (a *API) ImportInitial() error {
	for _, dir := range []string{a.DataDir, a.EtcDir} {
		if dir == "" {
			continue
		}
		path := filepath.Join(dir, initialFile)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("initial ruleset: %w", err)
		}
		mark := initialMark + strconv.FormatInt(info.ModTime().UnixMilli(), 10)
		if _, err := os.Stat(filepath.Join(a.DataDir, mark)); err == nil {
			return nil
		}
		if err := a.importInitial(path); err != nil {
			return fmt.Errorf("initial ruleset %s: %w", path, err)
		}
		return a.remember(mark)
	}
	return nil
}

func (a *API) importInitial(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b, err := readBundle(string(text))
	if err != nil {
		return err
	}
	wrong, err := a.take(context.Background(), b, importOptions{partial: true})
	if err != nil {
		return err
	}
	for _, line := range wrong.lines() {
		a.Log.Error("an entry of the initial ruleset is left out", "file", path, "entry", line)
	}
	a.Log.Info("initial ruleset is imported", "file", path, "streams", len(b.Streams), "tables", len(b.Tables), "rules", len(b.Rules))
	return nil
}

// remember leaves the one mark that counts.
func (a *API) remember(mark string) error {
	entries, err := os.ReadDir(a.DataDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), initialMark); ok && isNumber(rest) {
			if err := os.Remove(filepath.Join(a.DataDir, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(a.DataDir, mark), nil, 0o600)
}

func isNumber(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}
