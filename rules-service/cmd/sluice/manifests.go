package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// manifest is a file with devices, as it is sent to the service.
type manifest struct {
	Name string `json:"name"`
	Data string `json:"data"`
}

// manifests reads files; a folder stands for those in it whose names have one
// of the endings. Links are followed, so a mounted ConfigMap is a folder too.
func (s *session) manifests(args, endings []string) (list []manifest, err error) {
	for _, arg := range args {
		files := []string{arg}
		if info, err := os.Stat(arg); arg != standardInput && err == nil && info.IsDir() {
			if files, err = manifestsIn(arg, endings); err != nil {
				return nil, usage{err}
			}
		}
		for _, file := range files {
			text, err := s.readFile(file)
			if err != nil {
				return nil, usage{err}
			}
			list = append(list, manifest{filepath.ToSlash(file), text})
		}
	}
	return list, nil
}

func manifestsIn(folder string, endings []string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		file := filepath.Join(folder, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !slices.Contains(endings, strings.ToLower(filepath.Ext(file))) {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue
		}
		files = append(files, file)
	}
	if files == nil {
		return nil, fmt.Errorf("%s: no file with devices is in this folder; they end with %s", folder, strings.Join(endings, ", "))
	}
	return files, nil
}

// digest tells one content of files from another.
func digest(list []manifest) [sha256.Size]byte {
	h := sha256.New()
	for _, m := range list {
		for _, part := range []string{m.Name, m.Data} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write([]byte(part))
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
