package sqltest

import "testing"

func TestGolden(t *testing.T) { Files(t, "testdata/*.txtar") }
