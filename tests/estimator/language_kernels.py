"""C++ in unusual but legal form, each with what paper says of it: trips, intervals, DSPs, or why it is unknown."""

from __future__ import annotations

from typing import NamedTuple


class Kernel(NamedTuple):
    """A function `top` with the trips and intervals of its loops, and what its operators take."""

    text: str
    trips: list[int]
    intervals: list[int | None] | None = None
    dsp: int | None = None


KNOWN: dict[str, Kernel] = {
    "pointer arithmetic": Kernel(
        """
void top(int a[64], int *o){ int *p=a; int s=0; for(int i=0;i<64;i++) s+=*(p+i); *o=s; }
""",
        [64],
        [1],
        None,
    ),
    "pointer increment": Kernel(
        """
void top(int a[64], int *o){ int *p=a; int s=0; for(int i=0;i<64;i++) s+=*p++; *o=s; }
""",
        [64],
        [1],
        None,
    ),
    "pointer loop": Kernel(
        """
void top(int a[64], int *o){ int s=0; for(int *p=a;p<a+64;p++) s+=*p; *o=s; }
""",
        [64],
        [1],
        None,
    ),
    "switch fallthrough": Kernel(
        """
void top(int a[64], int o[64]){ for(int i=0;i<64;i++){ int r=0; switch(a[i]&3){ case 0: case 1: r=a[i]*7; break;
case 2: r=a[i]*a[i]; default: r+=3; } o[i]=r; } }
""",
        [64],
        [1],
        3,
    ),
    "do while": Kernel(
        """
void top(int a[64]){ int i=0; do { a[i]+=3; i++; } while(i<64); }
""",
        [64],
        [1],
        None,
    ),
    "do while once": Kernel(
        """
void top(int a[64]){ int i=70; do { a[i-70]+=3; i++; } while(i<64); }
""",
        [1],
        None,
        None,
    ),
    "while count": Kernel(
        """
void top(int a[64]){ int i=64; while(i--) a[i]+=3; }
""",
        [64],
        [1],
        None,
    ),
    "while pre": Kernel(
        """
void top(int a[64]){ int i=64; while(--i) a[i]+=3; }
""",
        [63],
        [1],
        None,
    ),
    "while post inc": Kernel(
        """
void top(int a[65]){ int i=0; while(i++<64) a[i]+=3; }
""",
        [64],
        [1],
        None,
    ),
    "for down": Kernel(
        """
void top(int a[64]){ for(int i=64;i-->0;) a[i]+=3; }
""",
        [64],
        [1],
        None,
    ),
    "break": Kernel(
        """
void top(int a[64], int *o){ int n=0; for(int i=0;i<64;i++){ if(a[i]==0) break; n++; } *o=n; }
""",
        [64],
        [1],
        None,
    ),
    "continue": Kernel(
        """
void top(int a[64], int *o){ int n=0; for(int i=0;i<64;i++){ if(a[i]==0) continue; n+=a[i]; } *o=n; }
""",
        [64],
        [1],
        None,
    ),
    "early return": Kernel(
        """
int top(int a[64]){ if(a[0]==7) return 5; int s=0; for(int i=0;i<64;i++) s+=a[i]; return s; }
""",
        [64],
        [1],
        None,
    ),
    "return in loop": Kernel(
        """
int top(int a[64]){ for(int i=0;i<64;i++) if(a[i]==7) return i; return -1; }
""",
        [64],
        [1],
        None,
    ),
    "vector": Kernel(
        """
#include <hls_vector.h>
void top(hls::vector<float,4> a[16], hls::vector<float,4> b[16], hls::vector<float,4> o[16]){ for(int
i=0;i<16;i++) o[i]=a[i]+b[i]; }
""",
        [16],
        [1],
        8,
    ),
    "stream array": Kernel(
        """
#include <hls_stream.h>
void top(hls::stream<int> in[4], hls::stream<int>& o){ for(int i=0;i<16;i++){
#pragma HLS PIPELINE II=1
 int s=0; for(int j=0;j<4;j++) s+=in[j].read(); o.write(s);} }
""",
        [16],
        [1],
        None,
    ),
    "axis side": Kernel(
        """
#include <ap_axi_sdata.h>
#include <hls_stream.h>
typedef ap_axiu<32,1,1,1> pkt; void top(hls::stream<pkt>& in, hls::stream<pkt>& out){
#pragma HLS INTERFACE axis port=in
#pragma HLS INTERFACE axis port=out
 pkt p; do {
#pragma HLS PIPELINE
#pragma HLS LOOP_TRIPCOUNT min=8 max=8
 p=in.read(); p.data=p.data*3; out.write(p); } while(!p.last); }
""",
        [8],
        [1],
        None,
    ),
    "std array": Kernel(
        """
#include <array>
void top(std::array<int,32>& a){ for(std::size_t i=0;i<a.size();i++) a[i]+=1; }
""",
        [32],
        [1],
        None,
    ),
    "range for array": Kernel(
        """
void top(int a[32], int*o){ int b[32]; for(int i=0;i<32;i++) b[i]=a[i]; int s=0; for(int x: b) s+=x; *o=s; }
""",
        [32, 32],
        [1, 1],
        None,
    ),
    "range for ref": Kernel(
        """
void top(int (&a)[32]){ for(auto &x: a) x*=3; }
""",
        [32],
        [1],
        None,
    ),
    "range for std": Kernel(
        """
#include <array>
void top(std::array<int,32>& a){ for(auto& x: a) x+=1; }
""",
        [32],
        [1],
        None,
    ),
    "enum class": Kernel(
        """
enum class Op : unsigned char { ADD=1, MUL, N=4 }; void top(int a[32], Op op){ for(int i=0;i<32/(int)Op::N;i++)
a[i]= op==Op::ADD? a[i]+1 : a[i]*3; }
""",
        [8],
        [1],
        None,
    ),
    "lambda": Kernel(
        """
void top(int a[32]){ auto sq=[](int x){ return x*x; }; for(int i=0;i<32;i++) a[i]=sq(a[i]); }
""",
        [32],
        None,
        None,
    ),
    "lambda capture": Kernel(
        """
void top(int a[32], int k){ auto f=[&](int i){ a[i]=a[i]*k; }; for(int i=0;i<32;i++) f(i); }
""",
        [32],
        None,
        None,
    ),
    "templates nontype": Kernel(
        """
template<int N,class T> T sum(const T (&a)[N]){ T s=0; for(int i=0;i<N;i++) s+=a[i]; return s; } void top(int
a[48], int*o){ int b[48]; for(int i=0;i<48;i++) b[i]=a[i]; *o=sum(b); }
""",
        [48, 48],
        [1, 1],
        None,
    ),
    "partial specialisation": Kernel(
        """
template<class T,int N> struct Len{ static const int value=N; }; template<class T> struct Len<T,0>{ static const
int value=5; }; void top(int a[64]){ for(int i=0;i<Len<int,0>::value;i++) a[i]++; for(int
i=0;i<Len<int,9>::value;i++) a[i]++; }
""",
        [5, 9],
        None,
        None,
    ),
    "full specialisation": Kernel(
        """
template<class T> struct Bits{ static constexpr int n=7; }; template<> struct Bits<float>{ static constexpr int
n=11; }; void top(int a[64]){ for(int i=0;i<Bits<float>::n;i++) a[i]++; for(int i=0;i<Bits<int>::n;i++) a[i]++;
}
""",
        [11, 7],
        None,
        None,
    ),
    "constexpr function": Kernel(
        """
constexpr int lg(int n){ return n<=1?0:1+lg(n/2); } void top(int a[64]){ for(int i=0;i<lg(64);i++) a[i]++; }
""",
        [6],
        None,
        None,
    ),
    "constexpr loop": Kernel(
        """
constexpr int tri(int n){ int s=0; for(int i=1;i<=n;i++) s+=i; return s; } constexpr int T=tri(4); void top(int
a[64]){ for(int i=0;i<T;i++) a[i]++; }
""",
        [10],
        None,
        None,
    ),
    "static member out": Kernel(
        """
struct K{ static const int N; }; const int K::N=12; void top(int a[64]){ for(int i=0;i<K::N;i++) a[i]++; }
""",
        [12],
        None,
        None,
    ),
    "operator overload": Kernel(
        """
struct C{ float r,i; C operator*(const C&o) const { C c; c.r=r*o.r-i*o.i; c.i=r*o.i+i*o.r; return c; } C&
operator+=(const C&o){ r+=o.r; i+=o.i; return *this; } }; void top(C a[16], C b[16], C o[16]){ for(int
k=0;k<16;k++) o[k]=a[k]*b[k]; }
""",
        [16],
        None,
        16,
    ),
    "operator overload free": Kernel(
        """
struct C{ float r,i; }; C operator*(const C&a,const C&b){ C c; c.r=a.r*b.r-a.i*b.i; c.i=a.r*b.i+a.i*b.r; return
c; } void top(C a[16], C b[16], C o[16]){ for(int k=0;k<16;k++) o[k]=a[k]*b[k]; }
""",
        [16],
        None,
        16,
    ),
    "operator call": Kernel(
        """
struct F{ int k; int operator()(int x) const { return x*k; } }; void top(int a[16], int k){ F f; f.k=k; for(int
i=0;i<16;i++) a[i]=f(a[i]); }
""",
        [16],
        None,
        3,
    ),
    "operator index": Kernel(
        """
struct V{ int d[16]; int& operator[](int i){ return d[i]; } }; void top(int a[16], int*o){ V v; for(int
i=0;i<16;i++) v[i]=a[i]; int s=0; for(int i=0;i<16;i++) s+=v[i]; *o=s; }
""",
        [16, 16],
        None,
        None,
    ),
    "constructor": Kernel(
        """
struct A{ int x; A(int v): x(v*v) {} }; void top(int a[16]){ for(int i=0;i<16;i++){ A t(a[i]); a[i]=t.x; } }
""",
        [16],
        None,
        3,
    ),
    "std complex": Kernel(
        """
#include <complex>
void top(std::complex<float> a[16], std::complex<float> b[16], std::complex<float> o[16]){ for(int k=0;k<16;k++)
o[k]=a[k]*b[k]; }
""",
        [16],
        None,
        16,
    ),
    "hls math": Kernel(
        """
#include <hls_math.h>
void top(float a[16]){ for(int i=0;i<16;++i) a[i]=hls::sqrt(a[i])+hls::expf(a[i]); }
""",
        [16],
        [1],
        None,
    ),
    "fixed modes": Kernel(
        """
#include <ap_fixed.h>
void top(ap_fixed<16,8,AP_RND,AP_SAT> a[16], ap_fixed<12,4> b[16]){ for(int i=0;i<16;++i) a[i]=a[i]*b[i]; }
""",
        [16],
        [1],
        None,
    ),
    "bit slices": Kernel(
        """
#include <ap_int.h>
void top(ap_uint<32> a[16], ap_uint<8> o[16]){ for(int i=0;i<16;++i){ ap_uint<16> w=a[i].range(23,8);
o[i]=w(7,0)+w.range(15,8); w[3]=1; } }
""",
        [16],
        [1],
        None,
    ),
    "concat": Kernel(
        """
#include <ap_int.h>
void top(ap_uint<8> a[16], ap_uint<16> o[16]){ for(int i=0;i<16;++i) o[i]=(a[i],ap_uint<8>(3)); }
""",
        [16],
        [1],
        None,
    ),
    "concat method": Kernel(
        """
#include <ap_int.h>
void top(ap_uint<8> a[16], ap_uint<16> o[16]){ for(int i=0;i<16;++i) o[i]=a[i].concat(ap_uint<8>(3)); }
""",
        [16],
        [1],
        None,
    ),
    "range write": Kernel(
        """
#include <ap_int.h>
void top(unsigned char a[64], ap_uint<32> o[16]){ for(int i=0;i<16;++i){
#pragma HLS PIPELINE
 ap_uint<32> w; for(int j=0;j<4;j++) w.range(8*j+7,8*j)=a[4*i+j]; o[i]=w; } }
""",
        [16],
        [2],
        None,
    ),
    "union": Kernel(
        """
union U{ float f; unsigned u; }; void top(float a[16]){ for(int i=0;i<16;i++){ U t; t.f=a[i]; t.u^=0x80000000u;
a[i]=t.f; } }
""",
        [16],
        None,
        None,
    ),
    "burst maxi": Kernel(
        """
#include <hls_burst_maxi.h>
void top(hls::burst_maxi<int> in, int o[64]){
#pragma HLS INTERFACE m_axi port=in depth=64
 in.read_request(0,64); for(int i=0;i<64;i++){
#pragma HLS PIPELINE
 o[i]=in.read(); } }
""",
        [64],
        [1],
        None,
    ),
    "multi dim m_axi": Kernel(
        """
void top(int a[8][16], int o[8][16]){
#pragma HLS INTERFACE m_axi port=a bundle=g0
#pragma HLS INTERFACE m_axi port=o bundle=g1
 for(int i=0;i<8;i++) for(int j=0;j<16;j++){
#pragma HLS PIPELINE
 o[i][j]=a[i][j]+1; } }
""",
        [128],
        [1],
        None,
    ),
    "comma init": Kernel(
        """
void top(int a[16], int b[16]){ int i,j; for(i=0,j=15;i<16;i++,j--) a[i]=b[j]; }
""",
        [16],
        [1],
        None,
    ),
    "geometric": Kernel(
        """
void top(int a[64]){ for(int i=1;i<64;i<<=1) a[i]++; }
""",
        [6],
        None,
        None,
    ),
    "linked list": Kernel(
        """
void top(int next[64], int v[64], int *o){ int s=0; for(int p=0;p!=-1;p=next[p]){
#pragma HLS LOOP_TRIPCOUNT max=64
 s+=v[p]; } *o=s; }
""",
        [64],
        [2],
        None,
    ),
    "char literal": Kernel(
        """
void top(char a[64]){ for(char c='a';c<='z';c++) a[c-'a']=c; }
""",
        [26],
        None,
        None,
    ),
    "escape char": Kernel(
        """
void top(char a[64]){ for(int i=0;i<'\\n';i++) a[i]=1; }
""",
        [10],
        None,
        None,
    ),
    "sizeof bound": Kernel(
        """
void top(int a[64]){ int b[20]; for(int i=0;i<sizeof(b)/sizeof(b[0]);i++) b[i]=a[i]; for(int i=0;i<20;i++)
a[i]=b[i]; }
""",
        [20, 20],
        None,
        None,
    ),
    "overload by type": Kernel(
        """
int g(int x){ return x+1; } float g(float x){ return x*x*x; } void top(float a[16]){ for(int i=0;i<16;i++)
a[i]=g(a[i]); }
""",
        [16],
        None,
        6,
    ),
    "default arg": Kernel(
        """
int g(int x,int k=5){ return x*k; } void top(int a[16],int b[16]){ for(int i=0;i<16;i++)
a[i]=g(a[i])+g(a[i],b[i]); }
""",
        [16],
        None,
        None,
    ),
    "nested fn decl const": Kernel(
        """
void top(int x[16]){ enum { N=4, M=N*3 }; const int K=M-N; for(int i=0;i<K;i++) x[i]++; }
""",
        [8],
        None,
        None,
    ),
    "const array size": Kernel(
        """
void top(int x[16]){ const int t[]={1,2,3,4,5}; int s=0; for(int i=0;i<5;i++) s+=t[i]*x[i]; x[0]=s; }
""",
        [5],
        [1],
        None,
    ),
    "if init": Kernel(
        """
void top(int a[16]){ for(int i=0;i<16;i++){ if(int t=a[i]; t>3) a[i]=t*t; } }
""",
        [16],
        None,
        None,
    ),
    "decl in if": Kernel(
        """
void top(int a[16]){ for(int i=0;i<16;i++){ if(int t=a[i]) a[i]=t*t; } }
""",
        [16],
        None,
        3,
    ),
    "structured binding": Kernel(
        """
struct P{int x,y;}; P mk(int a){ return {a,a*a}; } void top(int a[16]){ for(int i=0;i<16;i++){ auto
[x,y]=mk(a[i]); a[i]=x+y; } }
""",
        [16],
        None,
        3,
    ),
    "std min max": Kernel(
        """
#include <algorithm>
void top(int a[16]){ for(int i=0;i<16;i++) a[i]=std::max(std::min(a[i],7),-7); }
""",
        [16],
        [1],
        None,
    ),
    "std swap": Kernel(
        """
#include <utility>
void top(int a[16]){ for(int i=0;i<8;i++) std::swap(a[i],a[15-i]); }
""",
        [8],
        None,
        None,
    ),
    "compound chained": Kernel(
        """
void top(int a[16], int b[16]){ for(int i=0;i<16;i++) a[i]=b[i]=i*3; }
""",
        [16],
        [1],
        None,
    ),
    "comma op": Kernel(
        """
void top(int a[16]){ int s; for(int i=0;i<16;i++) s=3, a[i]=s+i; }
""",
        [16],
        [1],
        None,
    ),
    "reinterpret": Kernel(
        """
void top(float a[16], unsigned o[16]){ for(int i=0;i<16;i++){ float f=a[i]*2; o[i]=*(unsigned*)&f; } }
""",
        [16],
        None,
        None,
    ),
    "stream ops": Kernel(
        """
#include <hls_stream.h>
void top(hls::stream<int>&i, hls::stream<int>&o){ for(int k=0;k<16;k++){
#pragma HLS PIPELINE
 int x; i>>x; o<<x*2; } }
""",
        [16],
        [1],
        None,
    ),
    "stream nb": Kernel(
        """
#include <hls_stream.h>
void top(hls::stream<int>&i, hls::stream<int>&o){ for(int k=0;k<16;k++){
#pragma HLS PIPELINE
 int x; if(!i.empty() && i.read_nb(x) && !o.full()) o.write_nb(x*2); } }
""",
        [16],
        [1],
        None,
    ),
    "pow const": Kernel(
        """
#include <math.h>
void top(float a[16]){ for(int i=0;i<16;i++) a[i]=powf(a[i],2.0f)+sinf(0.5f); }
""",
        [16],
        None,
        None,
    ),
    "int div": Kernel(
        """
void top(int a[16]){ for(int i=0;i<16;i++) a[i]=a[i]/7+a[i]%3; }
""",
        [16],
        [1],
        None,
    ),
    "pragma in function header": Kernel(
        """
void top(int a[16])
#pragma HLS INTERFACE ap_memory port=a
{ for(int i=0;i<16;i++) a[i]++; }
""",
        [16],
        None,
        None,
    ),
    "gnu attribute": Kernel(
        """
static int f(int x) __attribute__((noinline)); static int f(int x){ return x+1; } void top(int a[16]) { for(int
i=0;i<16;i++) a[i]=f(a[i]); }
""",
        [16],
        [1],
        None,
    ),
    "struct array member": Kernel(
        """
struct S{ int d[32]; }; void top(S *s){ for(int i=0;i<32;i++) s->d[i]+=2; }
""",
        [32],
        [1],
        None,
    ),
    "array of arrays typedef": Kernel(
        """
typedef int mat[4][8]; void top(mat a, mat b){ for(int i=0;i<4;i++) for(int j=0;j<8;j++) a[i][j]=b[i][j]; }
""",
        [32],
        [1],
        None,
    ),
    "local function decl": Kernel(
        """
void top(int a[16]){ int f(int); for(int i=0;i<16;i++) a[i]=f(a[i]); } int f(int x){ return x*x; }
""",
        [16],
        None,
        3,
    ),
    "struct bit fields": Kernel(
        """
struct F{ unsigned a:3; unsigned b:5; }; void top(unsigned x[16]){ for(int i=0;i<16;i++){ F f; f.a=x[i];
f.b=x[i]>>3; x[i]=f.a*f.b; } }
""",
        [16],
        None,
        None,
    ),
    "static local": Kernel(
        """
void top(int a[16], int*o){ static int acc=0; for(int i=0;i<16;i++) acc+=a[i]; *o=acc; }
""",
        [16],
        [1],
        None,
    ),
    "class private": Kernel(
        """
class A{ int v[16]; public: void put(int i,int x){ v[i]=x; } int get(int i) const { return v[i]; } }; void
top(int a[16]){ A m; for(int i=0;i<16;i++) m.put(i,a[i]); for(int i=0;i<16;i++) a[i]=m.get(15-i); }
""",
        [16, 16],
        [1, 1],
        None,
    ),
    "template class": Kernel(
        """
template<class T,int N> class Buf{ T d[N]; public: T& at(int i){ return d[i]; } void fill(T x){ for(int
i=0;i<N;i++) d[i]=x; } }; void top(int a[16]){ Buf<int,24> b; b.fill(3); for(int i=0;i<16;i++) a[i]=b.at(i); }
""",
        [24, 16],
        [1, 1],
        None,
    ),
    "using enum value": Kernel(
        """
template<typename T> struct W; template<> struct W<int>{ enum { v=6 }; }; void top(int a[16]){ for(int
i=0;i<W<int>::v;i++) a[i]++; }
""",
        [6],
        None,
        None,
    ),
    "inherit": Kernel(
        """
struct B{ int n; int f(int x){return x*n;} }; struct D: public B { int g(int x){ return f(x)+n; } }; void
top(int a[16],int k){ D d; d.n=k; for(int i=0;i<16;i++) a[i]=d.g(a[i]); }
""",
        [16],
        None,
        3,
    ),
    "mutual headers nested ifdef": Kernel(
        """
#if defined(A) && A>3
#define N 5
#elif !defined(B) || (B==2)
#define N 6
#else
#define N 7
#endif
void top(int a[16]){ for(int i=0;i<N;i++) a[i]++; }
""",
        [6],
        None,
        None,
    ),
    "macro stringize": Kernel(
        """
#define CAT(a,b) a##b
#define LOOP(n,b) for(int CAT(i,n)=0; CAT(i,n)<b; CAT(i,n)++)
void top(int a[16]){ LOOP(x,9) a[ix]++; }
""",
        [9],
        None,
        None,
    ),
    "line continuation": Kernel(
        """
void top(int a[16]){ for(int i=0;\\
 i<9;\\
 i++) a[i]++; }
""",
        [9],
        None,
        None,
    ),
    "array decay arith": Kernel(
        """
void top(int a[64],int*o){ int s=0; for(int i=0;i<8;i++) s+=(a+8)[i]; *o=s; }
""",
        [8],
        [1],
        None,
    ),
    "raw string": Kernel(
        """
void top(int a[16]){ const char*s=R"(for(;;){)"; for(int i=0;i<16;i++) a[i]++; }
""",
        [16],
        None,
        None,
    ),
    "class big array": Kernel(
        """
class A{ int v[1024]; public: void put(int i,int x){ v[i]=x; } int get(int i) const { return v[i]; } }; void
top(int a[1024]){ A m; for(int i=0;i<1024;i++) m.put(i,a[i]); for(int i=0;i<1024;i++) a[i]=m.get(1023-i); }
""",
        [1024, 1024],
        [1, 1],
        None,
    ),
    "struct template member array": Kernel(
        """
template<int N> struct S{ int v[N]; int sum() const { int s=0; for(int i=0;i<N;i++) s+=v[i]; return s; } }; void
top(int a[512], int *o){ S<512> s; for(int i=0;i<512;i++) s.v[i]=a[i]; *o=s.sum(); }
""",
        [512, 512],
        [1, 1],
        None,
    ),
}

UNKNOWN: dict[str, tuple[str, str]] = {
    "goto": (
        """
void top(int a[16]){ int i=0; again: a[i]++; i++; if(i<16) goto again; }
""",
        r"goto",
    ),
    "recursion": (
        """
int f(int n){ return n<2?1:n*f(n-1); } void top(int n,int*o){ *o=f(n); }
""",
        r"calls itself",
    ),
    "function pointer": (
        """
int sq(int x){return x*x;} void top(int a[16]){ int (*f)(int)=sq; for(int i=0;i<16;i++) a[i]=f(a[i]); }
""",
        r"pointer",
    ),
    "function pointer param": (
        """
int sq(int x){return x*x;} void ap(int a[16], int (*f)(int)){ for(int i=0;i<16;i++) a[i]=f(a[i]); } void top(int
a[16]){ ap(a,sq); }
""",
        r"pointer|function",
    ),
    "inline asm": (
        """
void top(int a[16]){ for(int i=0;i<16;i++){ asm volatile("nop"); a[i]++; } }
""",
        r"assembler",
    ),
    "new delete": (
        """
void top(int a[16]){ int*p=new int[16]; for(int i=0;i<16;i++) p[i]=a[i]; for(int i=0;i<16;i++) a[i]=p[i];
delete[] p; }
""",
        r"new|allocat",
    ),
    "malloc": (
        """
#include <stdlib.h>
void top(int a[16]){ int*p=(int*)malloc(64); for(int i=0;i<16;i++) p[i]=a[i]; free(p); }
""",
        r"malloc",
    ),
    "std vector": (
        """
#include <vector>
void top(int a[16]){ std::vector<int> v; for(int i=0;i<16;i++) v.push_back(a[i]); }
""",
        r"vector|push_back",
    ),
    "exceptions": (
        """
void top(int a[16]){ try { a[0]=1; } catch(...) { a[0]=2; } }
""",
        r"exception",
    ),
    "hls task": (
        """
#include <hls_task.h>
void f(hls::stream<int>&i, hls::stream<int>&o){ o.write(i.read()*3); } void top(hls::stream<int>&i,
hls::stream<int>&o){
 hls_thread_local hls::stream<int> s; hls_thread_local hls::task t1(f,i,s); hls_thread_local hls::task
t2(f,s,o); }
""",
        r"task",
    ),
    "split merge": (
        """
#include <hls_np_channel.h>
void top(hls::stream<int>&i, hls::stream<int>&o){
#pragma HLS DATAFLOW
 hls::split::round_robin<int,4> s; hls::merge::round_robin<int,4> m; s.in.write(i.read()); for(int k=0;k<4;k++){
#pragma HLS UNROLL
 m.in[k].write(s.out[k].read()); } o.write(m.out.read()); }
""",
        r"split|merge",
    ),
    "undefined macro fn": (
        """
void top(int a[16]){ for(int i=0;i<16;i++) a[i]=FOO(a[i]); }
""",
        r"FOO",
    ),
}
"""A sentence that says why, by kernel."""
