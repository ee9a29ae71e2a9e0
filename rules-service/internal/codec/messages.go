package codec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"sluice/sqlengine/diag"
)

const protoEnd = ".proto"

// Messages compiles protobuf schemas when they are first asked for, and keeps
// what it has compiled: all streams and actions share it. It is safe for
// concurrent use.
type Messages struct {
	read    func(name string) (string, error)
	changes atomic.Uint64

	mu    sync.Mutex
	files map[string]protoreflect.FileDescriptor // by the names of schemas
}

var _ Schemas = (*Messages)(nil)

// NewMessages compiles what read has under the name of a schema; it answers
// fs.ErrNotExist for one that is not there.
func NewMessages(read func(name string) (text string, err error)) *Messages {
	return &Messages{read: read, files: map[string]protoreflect.FileDescriptor{}}
}

// Changed forgets what is compiled: a schema is another one now, or gone.
func (m *Messages) Changed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.files)
	m.changes.Add(1)
}

// Changes counts the calls of Changed.
func (m *Messages) Changes() uint64 { return m.changes.Load() }

// SplitSchemaID takes "schema.Message" apart. The message may be nested, or have
// the package of its file in front.
func SplitSchemaID(id string) (schema, message string, err error) {
	schema, message, ok := strings.Cut(id, ".")
	if !ok || schema == "" || message == "" {
		return "", "", fmt.Errorf("schemaId %q must name a schema of the registry and a message in it, such as schema1.Message", id)
	}
	return schema, message, nil
}

// Message finds a message by "schema.Message".
func (m *Messages) Message(id string) (protoreflect.MessageDescriptor, error) {
	schema, message, err := SplitSchemaID(id)
	if err != nil {
		return nil, err
	}
	file, err := m.file(schema)
	if err != nil {
		return nil, err
	}
	return findMessage(file, schema, message)
}

func (m *Messages) file(schema string) (protoreflect.FileDescriptor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.files[schema]; ok {
		return f, nil
	}
	f, err := compileSchema(schema, m.read)
	if err != nil {
		return nil, err
	}
	m.files[schema] = f
	return f, nil
}

// Compile tells what is wrong with a schema.
func (m *Messages) Compile(schema string) error {
	_, err := m.file(schema)
	return err
}

// With are the messages as they would be if a schema had another text.
func (m *Messages) With(schema, text string) *Messages {
	return NewMessages(func(name string) (string, error) {
		if name == schema {
			return text, nil
		}
		return m.read(name)
	})
}

// Without are the messages as they would be if there were no such schema.
func (m *Messages) Without(schema string) *Messages {
	return NewMessages(func(name string) (string, error) {
		if name == schema {
			return "", fs.ErrNotExist
		}
		return m.read(name)
	})
}

// A SchemaError is a mistake in the text of a schema.
type SchemaError struct {
	Schema       string
	Line, Column int
	Err          error
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("schema %s: line %d, column %d: %v", e.Schema, e.Line, e.Column, e.Err)
}
func (e *SchemaError) Unwrap() error { return e.Err }

// compileSchema compiles a schema with those that it imports by their names.
func compileSchema(schema string, read func(string) (string, error)) (protoreflect.FileDescriptor, error) {
	var absent error
	resolver := &protocompile.SourceResolver{Accessor: func(path string) (io.ReadCloser, error) {
		text, err := read(strings.TrimSuffix(path, protoEnd))
		if err != nil {
			if path == schema+protoEnd {
				absent = err
			}
			return nil, err
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}}
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(resolver), MaxParallelism: 1}
	files, err := c.Compile(context.Background(), schema+protoEnd)
	switch at := reporter.ErrorWithPos(nil); {
	case errors.Is(absent, fs.ErrNotExist):
		return nil, fmt.Errorf("schema %q is not in the registry; create it with POST /schemas/protobuf", schema)
	case absent != nil:
		return nil, absent
	case errors.As(err, &at):
		return nil, &SchemaError{Schema: strings.TrimSuffix(at.GetPosition().Filename, protoEnd), Line: at.GetPosition().Line, Column: at.GetPosition().Col, Err: at.Unwrap()}
	case err != nil:
		return nil, fmt.Errorf("schema %s: %w", schema, err)
	}
	return lean(files[0])
}

// lean is a file without what the compiler knows of its text.
func lean(file protoreflect.FileDescriptor) (protoreflect.FileDescriptor, error) {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	add(file)
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", strings.TrimSuffix(file.Path(), protoEnd), err)
	}
	return files.FindFileByPath(file.Path())
}

func findMessage(file protoreflect.FileDescriptor, schema, message string) (protoreflect.MessageDescriptor, error) {
	name := message
	if pkg := string(file.Package()); pkg != "" {
		name = strings.TrimPrefix(message, pkg+".")
	}
	list, steps := file.Messages(), strings.Split(name, ".")
	for i, step := range steps {
		found := list.ByName(protoreflect.Name(step))
		switch {
		case found == nil:
			return nil, fmt.Errorf("schema %s has no message %q%s", schema, message, hintOf[protoreflect.MessageDescriptor](step, list))
		case i == len(steps)-1:
			return found, nil
		}
		list = found.Messages()
	}
	return nil, fmt.Errorf("schema %s has no message %q", schema, message)
}

// descriptors are the messages of a file, or the fields of a message.
type descriptors[D protoreflect.Descriptor] interface {
	Len() int
	Get(i int) D
}

// hintOf says what there is instead of a name.
func hintOf[D protoreflect.Descriptor](name string, list descriptors[D]) string {
	names := make([]string, list.Len())
	for i := range names {
		names[i] = string(list.Get(i).Name())
	}
	if near := diag.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}
