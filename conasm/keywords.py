"""Words that C11 and C++20 keep for themselves: no function or type of a guest bears them."""

from __future__ import annotations

import re

C_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        alignas alignof asm auto bool break case catch char char16_t char32_t char8_t class const
        consteval constexpr constinit const_cast continue co_await co_return co_yield decltype
        default delete do double dynamic_cast else enum explicit export extern false float for
        friend goto if inline int long mutable namespace new noexcept nullptr operator private
        protected public register reinterpret_cast restrict requires return short signed sizeof
        static static_assert static_cast struct switch template this thread_local throw true try
        typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while
        _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert
        _Thread_local
        """,
    )
)
