// etcd's own server, of the version in go.mod: what `go install` refuses to build outside of etcd's sources.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
