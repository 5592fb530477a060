/* Start-up code of bare guests, and the two system calls of the platform `bare`.
 *
 * The loader enters _start with sp 16-byte aligned, and at sp what Linux and newlib have there:
 * argc, then the pointers argv[0] to argv[argc - 1] and a null pointer.
 * Every symbol is weak: a guest that defines one of them has its own.
 */

#if __riscv_xlen == 64
#define LOAD_WORD ld
#else
#define LOAD_WORD lw
#endif
#define WORD (__riscv_xlen / 8)

#define FUNCTION(name) .weak name; .type name, @function; name:
#define END(name) .size name, . - name

	.section .text.start, "ax", @progbits
FUNCTION(_start)
	.cfi_startproc
	.cfi_undefined ra
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	LOAD_WORD s0, (sp)
	addi	s1, sp, WORD
	la	s2, __init_array_start
	la	s3, __init_array_end
1:	bgeu	s2, s3, 2f		/* constructors of static objects */
	LOAD_WORD t0, (s2)
	addi	s2, s2, WORD
	jalr	t0
	j	1b
2:	mv	a0, s0
	mv	a1, s1
	call	main
	tail	_exit
	.cfi_endproc
END(_start)

	.text
FUNCTION(main)				/* a guest may consist of functions only */
	li	a0, 0
	ret
END(main)

FUNCTION(exit)
FUNCTION(_exit)
	li	a7, 93
	ecall
	j	_exit
END(_exit)
END(exit)

FUNCTION(write)
	li	a7, 64
	ecall
	ret
END(write)

FUNCTION(__cxa_pure_virtual)
	ebreak
	j	__cxa_pure_virtual
END(__cxa_pure_virtual)
