// Package image makes container images without an engine: layers of given
// files, equal bytes for equal content, as archives for docker load and as a
// layout that registries take.
package image

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is a file or, without data, a folder of an image.
type File struct {
	Path  string      // without a slash at its begin
	Mode  fs.FileMode // with fs.ModeDir for a folder
	Owner int
	Group int
	Data  []byte
}

// Folder is an empty folder.
func Folder(path string, mode fs.FileMode, owner, group int) File {
	return File{Path: path, Mode: mode | fs.ModeDir, Owner: owner, Group: group}
}

// Tree reads the files below a folder of this machine. In the image they are
// below a path, belong to root and can be read by everybody.
func Tree(dir, below string) ([]File, error) {
	var all []File
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		all = append(all, File{Path: path.Join(below, filepath.ToSlash(rel)), Mode: 0o644, Data: data})
		return err
	})
	return all, err
}

// arranged returns the files in order, each after its folders; folders that
// were not given are made. A path given twice is a mistake.
func arranged(files []File) ([]File, error) {
	byPath := map[string]File{}
	for _, f := range files {
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return nil, fmt.Errorf("layer: %q is no path in an image", f.Path)
		}
		if _, twice := byPath[f.Path]; twice {
			return nil, fmt.Errorf("layer: %s is there twice", f.Path)
		}
		byPath[f.Path] = f
	}
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if _, known := byPath[dir]; !known {
				byPath[dir] = Folder(dir, 0o755, 0, 0)
			}
		}
	}
	all := make([]File, 0, len(byPath))
	for _, f := range byPath {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}
