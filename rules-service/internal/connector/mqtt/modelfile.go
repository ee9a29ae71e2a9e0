package mqtt

import (
	"fmt"
	"sync"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/mqtt/devicemodel"
)

// modelFiles keeps the files of device models that streams name: thousands of
// streams share one.
type modelFiles struct {
	mu    sync.Mutex
	files map[string]*devicemodel.File
}

func newModelFiles() *modelFiles { return &modelFiles{files: map[string]*devicemodel.File{}} }

// read is what a file has now; nil: none is named.
func (f *modelFiles) read(name string, env connector.Env) (*devicemodel.Models, error) {
	if name == "" {
		return nil, nil
	}
	path, err := env.Files.Path(name)
	if err != nil {
		return nil, fmt.Errorf(`property "kubeedgeModelFile": %w`, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.files[path]
	if file == nil {
		file = &devicemodel.File{Path: path}
	}
	m, err := file.Read()
	if err != nil {
		return nil, fmt.Errorf(`property "kubeedgeModelFile": %w`, err)
	}
	f.files[path] = file
	return m, nil
}

// flatFormat is the format of flat messages that a model file gives types.
func flatFormat(modelFile string) string {
	if modelFile == "" {
		return ""
	}
	return "kubeedge-flat"
}
