package opcua

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// visit is a node that was come across.
type visit struct {
	node, parent *ua.NodeID
	class        ua.NodeClass
	path         []string // of browse names below the start
	// properties are those of its properties that say something about it.
	properties map[string]*ua.NodeID
}

func (v *visit) text() string { return strings.Join(v.path, "/") }

// key tells visits apart. A method may be that of many objects.
func (v *visit) key() string {
	if v.class == ua.NodeClassMethod {
		return v.parent.String() + " " + v.node.String()
	}
	return v.node.String()
}

// telling are the properties that say something about a variable or a method.
var telling = []string{"EngineeringUnits", "EURange", "InputArguments", "OutputArguments"}

// walk goes through the address space of a server, level by level. A node that
// is reached on several ways counts once.
type walk struct {
	open    func(context.Context) (*session, error)
	s       *session // the current one
	wish    wish
	state   *browseState
	foreign bool // nodes of namespace 0 are wanted
	seen    map[string]bool
	found   []*visit // variables and methods
	full    bool     // there are more nodes than were to be looked at
}

// all are the nodes that are wanted, with what there is to say about them.
func (w *walk) all(ctx context.Context) ([]Node, error) {
	if err := w.run(ctx); err != nil {
		return nil, err
	}
	return w.details(ctx)
}

// run walks from the start.
func (w *walk) run(ctx context.Context) error {
	start, err := w.first(ctx)
	if err != nil {
		return err
	}
	level := []*visit{start}
	for depth := 0; len(level) > 0 && depth <= w.wish.Depth && !w.full; depth++ {
		if level, err = w.below(ctx, level, depth < w.wish.Depth); err != nil {
			return err
		}
	}
	return nil
}

// first looks at the start itself.
func (w *walk) first(ctx context.Context) (*visit, error) {
	node, err := w.wish.start.resolve(w.s.namespaces)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	values, err := w.s.read(ctx, []*ua.ReadValueID{
		{NodeID: node, AttributeID: ua.AttributeIDNodeClass}, {NodeID: node, AttributeID: ua.AttributeIDBrowseName},
	})
	if err != nil {
		return nil, err
	}
	if isBad(values[0].Status) {
		return nil, fmt.Errorf("start %s: %w", w.wish.Start, statusError{values[0].Status})
	}
	class, _ := content(values[0]).(int32)
	w.foreign = node.Namespace() == 0 && node.IntID() != id.ObjectsFolder && node.IntID() != id.RootFolder
	w.seen = map[string]bool{node.String(): true}
	start := &visit{node: node, class: ua.NodeClass(class)}
	if name, ok := content(values[1]).(*ua.QualifiedName); ok && start.class == ua.NodeClassVariable {
		start.path = []string{name.Name}
		w.take(start)
	}
	return start, nil
}

// below browses nodes, and gives those to go on with. Where it does not go
// deeper, only properties are taken.
func (w *walk) below(ctx context.Context, level []*visit, deeper bool) ([]*visit, error) {
	var next []*visit
	for part := range slices.Chunk(level, nodesPerRequest) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		descriptions := make([]*ua.BrowseDescription, len(part))
		for i, v := range part {
			descriptions[i] = &ua.BrowseDescription{
				NodeID: v.node, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, id.HierarchicalReferences), IncludeSubtypes: true,
				NodeClassMask: uint32(ua.NodeClassObject | ua.NodeClassVariable | ua.NodeClassMethod), ResultMask: uint32(ua.BrowseResultMaskAll),
			}
		}
		answers, err := w.browse(ctx, descriptions)
		if err != nil {
			return nil, err
		}
		for i, a := range answers {
			if a.err != nil {
				w.state.complain(fmt.Errorf("%s: %w", part[i].node, a.err))
			}
			next = append(next, w.children(part[i], a.references, deeper)...)
		}
		w.state.progress(len(w.seen), len(w.found))
	}
	return next, nil
}

// children takes what a node has below it.
func (w *walk) children(parent *visit, references []*ua.ReferenceDescription, deeper bool) []*visit {
	var next []*visit
	for _, r := range references {
		if r.BrowseName == nil || r.ReferenceTypeID == nil {
			continue
		}
		node := r.NodeID.NodeID
		isProperty := r.ReferenceTypeID.Namespace() == 0 && r.ReferenceTypeID.IntID() == id.HasProperty
		if isProperty && slices.Contains(telling, r.BrowseName.Name) {
			if parent.properties == nil {
				parent.properties = map[string]*ua.NodeID{}
			}
			parent.properties[r.BrowseName.Name] = node
		}
		v := &visit{node: node, parent: parent.node, class: r.NodeClass, path: append(slices.Clip(parent.path), r.BrowseName.Name)}
		if !deeper || isProperty && !w.wish.Properties || w.leftOut(v) || w.seen[v.key()] {
			continue
		}
		if len(w.seen) >= w.wish.MaxNodes {
			w.full = true
			break
		}
		w.seen[v.key()] = true
		w.take(v)
		next = append(next, v)
	}
	return next
}

// leftOut tells that a node and all below are of no interest: what all servers
// have, and what the request excludes.
func (w *walk) leftOut(v *visit) bool {
	if !w.foreign && v.node.Namespace() == 0 && v.node.IntID() != id.ObjectsFolder {
		return true
	}
	if v.class == ua.NodeClassMethod && w.wish.NoMethods {
		return true
	}
	return w.wish.exclude != nil && w.wish.exclude.MatchString(v.text())
}

// take keeps what can be a resource.
func (w *walk) take(v *visit) {
	if v.class == ua.NodeClassObject || w.wish.match != nil && !w.wish.match.MatchString(v.text()) {
		return
	}
	w.found = append(w.found, v)
}
