package opcua

import (
	"context"
	"fmt"
	"slices"

	"github.com/gopcua/opcua/ua"
)

const (
	// referencesAtOnce is how many references one answer may hold at first; the
	// rest follows. They are about 1 MB.
	referencesAtOnce = 10000
	// crowdedParts is in how many requests nodes are asked for again that were too
	// many for the server to keep the rest of each.
	crowdedParts = 8
	// mostReferences bounds those of one node.
	mostReferences = 100000
)

// browsed is what a server says about the references of a node.
type browsed struct {
	references []*ua.ReferenceDescription
	err        error
}

// references browses one node.
func (s *session) references(ctx context.Context, node *ua.BrowseDescription) ([]*ua.ReferenceDescription, error) {
	all, err := s.browse(ctx, []*ua.BrowseDescription{node})
	if err != nil {
		return nil, err
	}
	return all[0].references, all[0].err
}

// browse gives all references of nodes: as many nodes in one request as the
// server allows. What it refuses of a node does not keep the others from being
// browsed. Where one node has too much for an answer, answers hold less.
func (s *session) browse(ctx context.Context, nodes []*ua.BrowseDescription) ([]browsed, error) {
	all := make([]browsed, len(nodes))
	for {
		err := inParts(len(nodes), &s.browseMax, func(from, to int) error {
			return s.browsePart(ctx, nodes[from:to], all[from:to])
		})
		page := s.pageMax.Load()
		if !tooLarge(err) || page == 1 {
			return all, err
		}
		s.pageMax.Store(page / 2)
	}
}

// browsePart browses nodes with one request, and more for what does not fit an
// answer.
func (s *session) browsePart(ctx context.Context, nodes []*ua.BrowseDescription, into []browsed) error {
	results, err := s.sendBrowse(ctx, nodes)
	if tooLarge(err) {
		s.wasted.Store(true)
	}
	if err != nil {
		return err
	}
	for i := range into {
		into[i] = browsed{}
	}
	var crowded []int // the server can keep the rest of only so many nodes
	places := make([]int, len(nodes))
	for i, r := range results {
		places[i] = i
		if r.StatusCode == ua.StatusBadNoContinuationPoints && len(nodes) > 1 {
			crowded = append(crowded, i)
		}
	}
	if err := s.collect(ctx, results, places, into); err != nil {
		return err
	}
	for part := range slices.Chunk(crowded, max(1, len(nodes)/crowdedParts)) {
		if err := s.browseAgain(ctx, nodes, part, into); err != nil {
			return err
		}
	}
	return nil
}

// browseAgain browses some of the nodes. As they are fewer, an answer holds more
// of each.
func (s *session) browseAgain(ctx context.Context, nodes []*ua.BrowseDescription, places []int, into []browsed) error {
	some, found := make([]*ua.BrowseDescription, len(places)), make([]browsed, len(places))
	for i, place := range places {
		some[i] = nodes[place]
	}
	err := s.browsePart(ctx, some, found)
	for i, place := range places {
		into[place] = found[i]
	}
	return err
}

// collect takes answers and fetches what follows them.
func (s *session) collect(ctx context.Context, results []*ua.BrowseResult, places []int, into []browsed) error {
	for len(results) > 0 {
		var points [][]byte
		var behind []int
		for i, r := range results {
			b := &into[places[i]]
			if isBad(r.StatusCode) {
				b.err = statusError{r.StatusCode}
				continue
			}
			b.references = append(b.references, s.here(r.References)...)
			switch {
			case len(r.ContinuationPoint) == 0:
			case len(b.references) > mostReferences:
				b.err = fmt.Errorf("more than %d references", mostReferences)
			default:
				points, behind = append(points, r.ContinuationPoint), append(behind, places[i])
			}
		}
		if len(points) == 0 {
			return nil
		}
		var err error
		if results, err = s.sendBrowseNext(ctx, points); err != nil {
			return err
		}
		places = behind
	}
	return nil
}

// here leaves out what is at other servers, and makes plain node ids of those
// that name their namespace by its URI.
func (s *session) here(references []*ua.ReferenceDescription) []*ua.ReferenceDescription {
	return slices.DeleteFunc(references, func(r *ua.ReferenceDescription) bool {
		if r == nil || r.NodeID == nil {
			return true
		}
		node := s.localID(r.NodeID)
		if node == nil {
			return true
		}
		r.NodeID = &ua.ExpandedNodeID{NodeID: node}
		return false
	})
}

// localID is the id of a node at this server; nil: it is not here.
func (s *session) localID(e *ua.ExpandedNodeID) *ua.NodeID {
	switch {
	case e.NodeID == nil || e.HasServerIndex() && e.ServerIndex != 0:
		return nil
	case !e.HasNamespaceURI() && !e.HasServerIndex():
		return e.NodeID
	}
	namespace := int(e.NodeID.Namespace())
	if e.HasNamespaceURI() {
		if namespace = slices.Index(s.namespaces, e.NamespaceURI); namespace < 0 {
			return nil
		}
	}
	return plainID(e.NodeID, uint16(namespace))
}

// plainID is a node id in a namespace, without the flags of an expanded one.
func plainID(n *ua.NodeID, namespace uint16) *ua.NodeID {
	switch n.Type() {
	case ua.NodeIDTypeString:
		return ua.NewStringNodeID(namespace, n.StringID())
	case ua.NodeIDTypeGUID:
		return ua.NewGUIDNodeID(namespace, n.StringID())
	case ua.NodeIDTypeByteString:
		plain := ua.NewByteStringNodeID(namespace, nil)
		_ = plain.SetStringID(n.StringID()) // base64, as it was made
		return plain
	}
	return ua.NewNumericNodeID(namespace, n.IntID())
}

// sendBrowse is one Browse request.
func (s *session) sendBrowse(ctx context.Context, nodes []*ua.BrowseDescription) ([]*ua.BrowseResult, error) {
	var results []*ua.BrowseResult
	err := s.request(ctx, func() error {
		answer, err := s.client.Browse(ctx, &ua.BrowseRequest{
			View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}, RequestedMaxReferencesPerNode: uint32(max(1, s.pageMax.Load()/int64(len(nodes)))), NodesToBrowse: nodes,
		})
		if err != nil {
			return err
		}
		results = answer.Results
		return counted(len(results), len(nodes))
	})
	return results, err
}

// sendBrowseNext is one BrowseNext request.
func (s *session) sendBrowseNext(ctx context.Context, points [][]byte) ([]*ua.BrowseResult, error) {
	var results []*ua.BrowseResult
	err := s.request(ctx, func() error {
		answer, err := s.client.BrowseNext(ctx, &ua.BrowseNextRequest{ContinuationPoints: points})
		if err != nil {
			return err
		}
		results = answer.Results
		return counted(len(results), len(points))
	})
	return results, err
}

func counted(answered, asked int) error {
	if answered != asked {
		return fmt.Errorf("the server answered %d of %d nodes", answered, asked)
	}
	return nil
}
