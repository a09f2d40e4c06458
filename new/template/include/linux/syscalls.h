%if struct
struct @name@_params;
%end
%if split
#if defined(CONFIG_ARCH_SPLIT_ARG64)
@prototype-split@
#else
%end
@prototype@
%if split
#endif
%end
