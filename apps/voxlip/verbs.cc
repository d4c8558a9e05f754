extern "C" int voxlip_main(int argc, char** argv) { return 2; }
