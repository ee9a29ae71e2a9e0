package api

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/rules-service/internal/codec"
)

// Messages are those of the schema registry in the folders of a service. They
// go into connector.Env, and into API.Schemas, which tells of changes.
func Messages(dataDir, etcDir string) *codec.Messages {
	return codec.NewMessages(func(name string) (string, error) {
		for _, f := range schemaFolders(dataDir, etcDir, protobuf) {
			data, err := f.read(name + schemaTypes[protobuf])
			if !errors.Is(err, fs.ErrNotExist) {
				return string(data), err
			}
		}
		return "", fs.ErrNotExist
	})
}

// breaks tells which streams and rules would lose a message that they use.
func (a *API) breaks(next *codec.Messages) error {
	users := a.Rules.SchemaUsers()
	for _, id := range slices.Sorted(maps.Keys(users)) {
		if _, err := a.Schemas.Message(id); err != nil {
			continue // it is lost already
		}
		if _, err := next.Message(id); err != nil {
			return fmt.Errorf("%s would lose message %s: %w; change that first, or add ?force=true", strings.Join(users[id], ", "), id, err)
		}
	}
	return nil
}

// isForced tells whether a request wants its way though others lose by it.
func isForced(r *http.Request) bool {
	forced, _ := strconv.ParseBool(r.URL.Query().Get("force"))
	return forced
}
