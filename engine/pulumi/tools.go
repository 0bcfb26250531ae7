//go:build tools

// Package pulumi pins the Pulumi CLI, so that it builds from the Go module
// proxy where no official binary is on PATH. `go mod tidy` keeps what is
// imported here; the tag keeps it out of every build.
package pulumi

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
