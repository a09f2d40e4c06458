#!/bin/sh
# A compiler, through ccache. In its depend mode, ccache does not know of the files that
# .incbin includes, such as the compressed kernel in its loader: assembly is left out.
for word; do
	case $word in
	*.S) exec "$@" ;;
	esac
done
exec ccache "$@"
