%if compat
%if struct
struct compat_@name@_params {
@compat-fields@
};

%end
@prototype-compat@
%end
